import { type ExecutorId, executorId, jobId, Settings, stageId, taskId } from '@kiln/base';
import type { ExecutorRequest } from '@kiln/contracts/cluster-manager';
import type { Logger } from '@kiln/contracts/plugin';
import { allocationOptions } from '@kiln/engine/cluster-manager';
import { VirtualClock } from '@kiln/testing';
import { expect, it } from 'vitest';
import { DefaultListenerBus } from '../driver/listener-bus.ts';
import { DynamicAllocation } from './dynamic-allocation.ts';

const nothing = () => {};
const logger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const request: ExecutorRequest = { total: 0, resources: { cores: 1, memoryBytes: 1 }, placementHints: {} };

/** A cluster manager whose executors come and go as the test says. */
class Setup {
  readonly clock = new VirtualClock(0);
  readonly bus = new DefaultListenerBus(logger, []);
  readonly totals: number[] = [];
  readonly released: ExecutorId[] = [];
  fails = false;
  readonly allocation = new DynamicAllocation({
    options: allocationOptions(Settings.from({}).settings, 1),
    cluster: {
      requestTotal: async ({ total }) => {
        if (this.fails) throw new Error('not now');
        this.totals.push(total);
      },
    },
    request,
    bus: this.bus,
    clock: this.clock,
    logger,
    release: (executors) => this.released.push(...executors),
  });

  readonly stage = { stageId: stageId(0), jobId: jobId(0), name: '', parents: [], kind: 'result' } as const;

  submit(tasks: number): void {
    this.bus.post({ type: 'stage-submitted', time: 0, stage: this.stage, attempt: 0, tasks, decisions: [] });
  }

  run(partition: number, executor: string): void {
    const ids = { taskId: taskId(partition), jobId: jobId(0), stageId: stageId(0), stageAttempt: 0, partition };
    const task = { ...ids, attempt: 0, executorId: executorId(executor), locality: 'any', speculative: false } as const;
    this.bus.post({ type: 'task-started', time: 0, task });
    this.bus.post({ type: 'task-ended', time: 0, task, outcome: 'succeeded', error: null, metrics: {} as never });
  }

  async later(millis: number): Promise<void> {
    this.clock.advance(millis);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

it('asks for executors while tasks wait and gives idle ones back', async () => {
  const setup = new Setup();
  setup.submit(3);
  await setup.later(1_000);
  await setup.later(1_000);
  expect(setup.totals).toEqual([1, 3]);
  for (const id of ['a', 'b', 'c']) {
    setup.bus.post({ type: 'executor-added', time: 0, executorId: executorId(id), host: 'h', slots: 1 });
  }
  for (const [partition, id] of ['a', 'b', 'c'].entries()) setup.run(partition, id);
  setup.bus.post({
    type: 'stage-completed',
    time: 0,
    stage: setup.stage,
    attempt: 0,
    outcome: 'succeeded',
    reason: null,
  });
  await setup.later(60_000);
  await setup.later(1_000);
  expect(setup.totals).toEqual([1, 3, 0]);
  expect(setup.released).toEqual(['a', 'b', 'c']);
});

it('goes on when a request is refused, and asks nothing after its end', async () => {
  const setup = new Setup();
  setup.fails = true;
  setup.submit(3);
  await setup.later(1_000);
  setup.fails = false;
  await setup.later(1_000);
  expect(setup.totals).toEqual([3]);
  setup.submit(9);
  setup.allocation.stop();
  await setup.later(9_000);
  expect(setup.totals).toEqual([3]);
});
