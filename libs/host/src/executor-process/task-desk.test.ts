import {
  type BlockTransport,
  type Executor,
  type MapOutputs,
  noMetrics,
  type TaskDescription,
  type TaskResult,
} from '@kiln/contracts/executor';
import { create, DriverMessageSchema, type MessageInitShape } from '@kiln/rpc/executor';
import { beforeEach, describe, expect, it } from 'vitest';
import { Payloads } from '../executors/payloads.ts';
import { type ExecutorBody, TaskDesk } from './task-desk.ts';

/** Blobs that come when the test says so. */
class SlowTransport implements BlockTransport {
  readonly address = 'here:1';
  readonly blobs = new Map<string, Uint8Array>();
  readonly asked: {
    readonly id: string;
    readonly give: (bytes: Uint8Array) => void;
    readonly fail: (error: Error) => void;
  }[] = [];
  putBlob(id: string, bytes: Uint8Array): void {
    this.blobs.set(id, bytes);
  }
  removeBlob(id: string): void {
    this.blobs.delete(id);
  }
  fetchBlob(_address: string, id: string): Promise<Uint8Array> {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    this.asked.push({ id, give: resolve, fail: reject });
    return promise;
  }
  peerGone(): void {}
  usage(): string {
    return '{}';
  }
  async close(): Promise<void> {}
}

class FakeExecutor implements Partial<Executor> {
  readonly log: string[] = [];
  result = new Uint8Array();
  async launch({ spec }: TaskDescription): Promise<TaskResult> {
    this.log.push(`launch ${spec.taskId}`);
    const status = { type: 'success', output: { type: 'result', rows: 1, bytes: 1 } } as const;
    return { outcome: { taskId: spec.taskId, status, metrics: noMetrics }, data: this.result };
  }
  kill(taskId: number): void {
    this.log.push(`kill ${taskId}`);
  }
  loadProgram(hash: string, bytes: Uint8Array): void {
    this.log.push(`load ${hash} ${Buffer.from(bytes)}`);
  }
  dropProgram(hash: string): void {
    this.log.push(`drop ${hash}`);
  }
  setMapOutputs({ shuffleId, epoch }: MapOutputs): void {
    this.log.push(`outputs ${shuffleId} ${epoch}`);
  }
}

let transport: SlowTransport;
let executor: FakeExecutor;
let sent: ExecutorBody[];
let desk: TaskDesk;
beforeEach(() => {
  transport = new SlowTransport();
  executor = new FakeExecutor();
  sent = [];
  desk = new TaskDesk({
    executor: executor as unknown as Executor,
    payloads: new Payloads(transport),
    maxDirectResultBytes: 10,
    send: (body) => sent.push(body),
  });
});

type Body = NonNullable<MessageInitShape<typeof DriverMessageSchema>['body']>;
const on = (body: Body) => desk.on(create(DriverMessageSchema, { body }));
const blob = (id: string) => ({ from: { case: 'blob', value: { address: 'driver:1', id, bytes: 9n } } }) as const;
const launch = (taskId: number) => on({ case: 'launch', value: { runner: 'plan', spec: JSON.stringify({ taskId }) } });
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('a task', () => {
  it('whose program is in its message starts at once', () => {
    on({ case: 'loadProgram', value: { hash: 'p', program: { from: { case: 'inline', value: Buffer.from('P') } } } });
    launch(1);
    expect(executor.log).toEqual(['load p P', 'launch 1']);
  });

  it('waits for what was sent before it and is still on its way', async () => {
    on({ case: 'loadProgram', value: { hash: 'p', program: blob('p') } });
    on({ case: 'setMapOutputs', value: { shuffleId: 7, epoch: 1, outputs: blob('o') } });
    launch(1);
    transport.asked[1]?.give(Buffer.from(JSON.stringify({ shuffleId: 7, epoch: 1, outputs: [] })));
    await settled();
    expect(executor.log).toEqual(['outputs 7 1']);
    transport.asked[0]?.give(Buffer.from('P'));
    await settled();
    expect(executor.log).toEqual(['outputs 7 1', 'load p P', 'launch 1']);
  });

  it('that is killed while it waits does not start', async () => {
    on({ case: 'loadProgram', value: { hash: 'p', program: blob('p') } });
    launch(1);
    on({ case: 'kill', value: { taskId: 1n, reason: 'not wanted' } });
    transport.asked[0]?.give(Buffer.from('P'));
    await settled();
    expect(executor.log).toEqual(['load p P']);
    const [ended] = sent;
    expect(ended?.case === 'taskEnded' && JSON.parse(ended.value.outcome ?? '')).toMatchObject({
      taskId: 1,
      status: { type: 'killed', reason: 'not wanted' },
    });
  });

  it('fails when what it needs cannot be fetched, and the next one tries again', async () => {
    on({ case: 'loadProgram', value: { hash: 'p', program: blob('p') } });
    launch(1);
    transport.asked[0]?.fail(new Error('no way there'));
    await settled();
    const [ended] = sent;
    expect(ended?.case === 'taskEnded' && JSON.parse(ended.value.outcome ?? '')).toMatchObject({
      status: {
        type: 'failed',
        failure: { class: 'KILN_TASK_INPUT', message: expect.stringContaining('no way there') as string },
      },
    });
    launch(2);
    transport.asked[1]?.give(Buffer.from('P'));
    await settled();
    expect(executor.log).toEqual(['load p P', 'launch 2']);
  });

  it('sees the newest table of a shuffle, and not one that comes after it was dropped', async () => {
    on({ case: 'setMapOutputs', value: { shuffleId: 7, epoch: 1, outputs: blob('old') } });
    on({ case: 'setMapOutputs', value: { shuffleId: 7, epoch: 2, outputs: blob('new') } });
    transport.asked[1]?.give(Buffer.from(JSON.stringify({ shuffleId: 7, epoch: 2, outputs: [] })));
    await settled();
    transport.asked[0]?.give(Buffer.from(JSON.stringify({ shuffleId: 7, epoch: 1, outputs: [] })));
    await settled();
    expect(executor.log).toEqual(['outputs 7 2']);
  });
});

describe('a result', () => {
  it('goes with the message when it is small, else as a blob until the driver has it', async () => {
    executor.result = Buffer.from('small');
    launch(1);
    executor.result = Buffer.from('larger than that');
    launch(2);
    await settled();
    expect(sent.map((body) => body.case === 'taskEnded' && body.value.data?.from?.case)).toEqual(['inline', 'blob']);
    expect([...transport.blobs.keys()]).toEqual(['result/2']);
    on({ case: 'removeBlob', value: { id: 'result/2' } });
    expect(transport.blobs.size).toBe(0);
  });
});
