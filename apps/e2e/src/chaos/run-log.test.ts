import { executorId, jobId, stageId, taskId } from '@kiln/base';
import type { EngineEvent, StageInfo } from '@kiln/contracts';
import { expect, it } from 'vitest';
import { RunLog } from './run-log.ts';

type Outcome = 'succeeded' | 'failed' | 'killed';

/** A log of a job with a map stage 0 and a result stage 1. */
class Story {
  readonly log = new RunLog();
  #tasks = 0;

  constructor() {
    for (const [id, kind] of [
      [0, 'shuffle-map'],
      [1, 'result'],
    ] as const) {
      const stage: StageInfo = { stageId: stageId(id), jobId: jobId(0), name: '', parents: [], kind };
      this.#add({ type: 'stage-submitted', stage, attempt: 0, tasks: 2, decisions: [] });
    }
  }

  task(stage: number, partition: number, executor: string, ...outcomes: readonly Outcome[]): this {
    const id = taskId(this.#tasks++);
    const task = {
      ...{ taskId: id, jobId: jobId(0), stageId: stageId(stage), stageAttempt: 0, partition, attempt: 0 },
      ...{ executorId: executorId(executor), locality: 'any', speculative: false },
    };
    this.#add({ type: 'task-started', task });
    for (const outcome of outcomes) this.#add({ type: 'task-ended', task, outcome, error: null, metrics: {} });
    return this;
  }

  lose(executor: string): this {
    this.#add({ type: 'executor-removed', executorId: executor, reason: 'SIGKILL' });
    return this;
  }

  #add(event: object): void {
    this.log.add({ time: 0, ...event } as EngineEvent);
  }
}

it('counts map tasks that ran again, and those whose outputs were lost', () => {
  const { log } = new Story()
    .task(0, 0, 'a', 'succeeded')
    .task(0, 1, 'b', 'succeeded')
    .task(0, 2, 'a', 'failed')
    .lose('a')
    .task(0, 0, 'b', 'succeeded')
    .task(0, 2, 'b', 'succeeded')
    .lose('c');
  expect([log.mapsAgain, log.mapsLost]).toEqual([1, 1]);
  expect(log.lostExecutors).toEqual(['a', 'c']);
  expect(log.violations).toEqual([]);
});

it('an output that was made again elsewhere is lost with its new place only', () => {
  const { log } = new Story().task(0, 0, 'a', 'succeeded').lose('a').task(0, 0, 'b', 'succeeded').lose('a');
  expect(log.mapsLost).toBe(1);
});

it('sees tasks that never end, that end twice, and results that count twice', () => {
  const { log } = new Story()
    .task(0, 0, 'a')
    .task(0, 1, 'a', 'succeeded', 'killed')
    .task(1, 0, 'a', 'succeeded')
    .task(1, 0, 'b', 'succeeded');
  expect(log.violations).toEqual([
    'task 0 never ended',
    'task 1 ended more than once',
    'result 0/1/0 was counted more than once',
  ]);
});
