import { systemClock } from '@kiln/base';
import { noMetrics, type TaskResult } from '@kiln/contracts/executor';
import { type ConnectOptions, connect, type RpcConnection } from '@kiln/rpc';
import {
  create,
  type DriverFrame,
  DriverService,
  type ExecutorFrameSchema,
  ExecutorMessageSchema,
  type MessageInitShape,
} from '@kiln/rpc/executor';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ExecutorServer } from './executor-server.ts';
import { Payloads } from './payloads.ts';
import type { RemoteExecutor } from './remote-executor.ts';
import { Roster } from './roster.ts';
import { ownVersions } from './versions.ts';

type FrameInit = MessageInitShape<typeof ExecutorFrameSchema>;

const logger = { debug() {}, info() {}, warn() {}, error() {} };
const secret = 'of these tests';
const hello = {
  applicationId: 'app',
  executorId: '1',
  incarnation: 'p1',
  host: 'h',
  pid: 1,
  cores: 2,
  versions: { ...ownVersions() },
};

let server: ExecutorServer;
let roster: Roster;
let remotes: RemoteExecutor[];
let results: TaskResult[];
let rejected: string[];
let left: string[];
let connections: RpcConnection[];

beforeEach(async () => {
  roster = new Roster({ silenceMillis: 100_000, reconnectMillis: 100_000, graceMillis: 100_000 });
  remotes = [];
  results = [];
  rejected = [];
  // Its own: what a former test's connections still say is not heard in this one.
  const gone: string[] = [];
  left = gone;
  connections = [];
  server = await ExecutorServer.start(
    {
      applicationId: 'app',
      secret,
      host: '127.0.0.1',
      port: 0,
      tls: null,
      limits: {},
      conf: { a: 'b' },
      plugins: [],
      files: [],
      bindings: {},
      payloads: new Payloads(null),
      clock: systemClock,
      logger,
    },
    {
      onHello: (said) => {
        const action = roster.step({ type: 'hello', ...said }, 0).find(({ type }) => type === 'refuse');
        return action?.type === 'refuse' ? action : null;
      },
      onReady: (remote) => remotes.push(remote),
      onHeard: () => {},
      onLeaving: () => {},
      onDisconnected: (id) => gone.push(id),
      onRejected: (_, reason) => rejected.push(reason),
      onResult: (_, result) => results.push(result),
    },
  );
});
afterEach(async () => {
  for (const connection of connections) connection.close();
  await server.close();
});

async function connection(options: Partial<ConnectOptions> = {}): Promise<RpcConnection> {
  const made = await connect(`http://127.0.0.1:${server.port}`, { identity: 'app', secret, logger, ...options });
  connections.push(made);
  return made;
}

/** An executor's end of a stream, frame by frame. */
async function attach(...first: FrameInit[]) {
  const over = await connection();
  const frames: DriverFrame[] = [];
  const queue = [...first];
  let wake = () => {};
  const say = (frame: FrameInit) => {
    queue.push(frame);
    wake();
  };
  async function* outgoing() {
    while (!over.closed.aborted) {
      const next = queue.shift();
      if (next !== undefined) yield next;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  }
  const ended = (async () => {
    for await (const frame of over.client(DriverService).attach(outgoing(), { signal: over.closed }))
      frames.push(frame);
  })().catch(() => {});
  const close = () => {
    over.close();
    wake();
  };
  return { frames, say, ended, close };
}

const ready = create(ExecutorMessageSchema, {
  sequence: 1n,
  body: { case: 'ready', value: { slots: 2, address: 'h:1' } },
});
const done = (sequence: bigint, taskId: number) =>
  create(ExecutorMessageSchema, {
    sequence,
    body: {
      case: 'taskEnded',
      value: {
        taskId: BigInt(taskId),
        outcome: JSON.stringify({ taskId, status: { type: 'killed', reason: '' }, metrics: noMetrics }),
      },
    },
  });

describe('an executor that attaches', () => {
  it('gets settings, is ready, and gets what is said to it', async () => {
    const executor = await attach({ hello }, { messages: [ready] });
    await expect.poll(() => remotes.length).toBe(1);
    expect(executor.frames[0]?.welcome).toMatchObject({ conf: { a: 'b' }, resumed: false });
    expect(remotes[0]?.address).toBe('h:1');
    remotes[0]?.kill(7, 'no more');
    remotes[0]?.removeShuffle(3);
    await expect
      .poll(() => executor.frames.flatMap((frame) => frame.messages.map(({ body }) => body.case)))
      .toEqual(['kill', 'removeShuffle']);
  });

  it('of other versions is refused, with both sides named', async () => {
    const executor = await attach({
      hello: { ...hello, versions: { kiln: '0.0.9', addon: ownVersions()['addon'] ?? '' } },
    });
    await executor.ended;
    const refusal = executor.frames[0]?.refusal;
    expect(refusal?.code).toBe('KILN_EXECUTOR_VERSION');
    expect(refusal?.message).toMatch(/kiln \S+ in the driver and 0\.0\.9 there/);
    expect(rejected[0]).toContain('0.0.9');
  });

  it('of another application is refused', async () => {
    const executor = await attach({ hello: { ...hello, applicationId: 'other' } });
    await executor.ended;
    expect(executor.frames[0]?.refusal?.code).toBe('KILN_EXECUTOR_UNKNOWN');
  });

  it('without a hello is refused', async () => {
    const executor = await attach({ messages: [ready] });
    await executor.ended;
    expect(executor.frames[0]?.refusal?.message).toContain('hello');
    expect(remotes).toEqual([]);
  });
});

describe('after a broken connection', () => {
  it('the executor goes on: nothing is lost and nothing is heard twice', async () => {
    const first = await attach({ hello }, { messages: [ready, done(2n, 5)] });
    await expect.poll(() => results.length).toBe(1);
    remotes[0]?.kill(7, 'first');
    first.close();
    await expect.poll(() => left).toEqual(['1']);
    remotes[0]?.kill(8, 'second');
    // What it sent last may not have arrived: it says it again, and more.
    const second = await attach({ hello: { ...hello, resumes: true } }, { messages: [done(2n, 5), done(3n, 6)] });
    await expect.poll(() => results.map(({ outcome }) => outcome.taskId)).toEqual([5, 6]);
    expect(second.frames[0]?.welcome?.resumed).toBe(true);
    const heard = () =>
      second.frames.flatMap((frame) => frame.messages.map(({ body }) => body.case === 'kill' && body.value.taskId));
    await expect.poll(heard).toEqual([7n, 8n]);
  });

  it('that the driver has not seen yet, the newer stream counts', async () => {
    await attach({ hello }, { messages: [ready] });
    await expect.poll(() => remotes.length).toBe(1);
    const second = await attach({ hello: { ...hello, resumes: true } });
    await expect.poll(() => second.frames[0]?.welcome?.resumed).toBe(true);
    remotes[0]?.kill(1, 'x');
    await expect.poll(() => second.frames.flatMap((frame) => frame.messages).length).toBe(1);
    expect(left).toEqual([]);
  });
});

describe('an executor that was declared lost', () => {
  it('is told so, is not heard, and is refused when it comes back', async () => {
    const executor = await attach({ hello }, { messages: [ready] });
    await expect.poll(() => remotes.length).toBe(1);
    roster.step({ type: 'exited', id: remotes[0]!.id, reason: 'it was silent', causedByApp: true }, 0);
    server.fence(remotes[0]!.id, 'it was silent');
    executor.say({ messages: [done(2n, 5)] });
    await executor.ended;
    expect(executor.frames.at(-1)?.refusal?.code).toBe('KILN_EXECUTOR_FENCED');
    const again = await attach({ hello: { ...hello, resumes: true } }, { messages: [done(2n, 5)] });
    await again.ended;
    expect(again.frames[0]?.refusal).toMatchObject({
      code: 'KILN_EXECUTOR_FENCED',
      message: expect.stringContaining('it was silent') as string,
    });
    expect(results).toEqual([]);
    // A loss is no broken connection.
    expect(left).toEqual([]);
  });
});
