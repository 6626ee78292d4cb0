import { type Clock, type ErrorData, type ExecutorId, errorToData } from '@kiln/base';
import {
  type ExecutorUsage,
  type MapOutputs,
  noMetrics,
  type TaskDescription,
  type TaskOutcome,
  type TaskResult,
} from '@kiln/contracts/executor';
import { Conversation, type SequencedFrame } from '@kiln/rpc';
import {
  create,
  type DriverMessage,
  DriverMessageSchema,
  type ExecutorFrame,
  type ExecutorMessage,
  type Heartbeat,
  type MessageInitShape,
  type Ready,
  type StartFailure,
  type TaskEnded,
} from '@kiln/rpc/executor';
import type { ExecutorEndpoint } from './endpoint.ts';
import { type Payloads, payloadBytes } from './payloads.ts';
import { noUsage } from './usage.ts';

/** How long an executor may take to say what it uses. */
const usageMillis = 5_000;
/** Messages of one frame, about. */
const frameBytes = 4 * 1024 * 1024;

export interface RemoteExecutorOptions {
  readonly id: ExecutorId;
  readonly incarnation: string;
  readonly payloads: Payloads;
  readonly clock: Clock;
  readonly onReady: (ready: Ready) => void;
  readonly onFailure: (failure: StartFailure) => void;
  readonly onResult: (result: TaskResult) => void;
  readonly onLeaving: (reason: string) => void;
}

type DriverFrameParts = SequencedFrame<DriverMessage> & { heartbeat?: number };

/** An executor in a process of its own: what the driver tells it, and what comes from it, over one connection after another. */
export class RemoteExecutor implements ExecutorEndpoint {
  readonly id: ExecutorId;
  readonly incarnation: string;
  address = '';
  readonly #options: RemoteExecutorOptions;
  readonly #conversation: Conversation<DriverMessage, ExecutorMessage, { heartbeat: number }>;
  readonly #programs = new Set<string>();
  /** Blobs of map-output tables by shuffle. */
  readonly #outputs = new Map<number, string[]>();
  readonly #calls = new Map<number, (usage: ExecutorUsage) => void>();
  #nextCall = 0;
  #heartbeat: Heartbeat | undefined;

  constructor(options: RemoteExecutorOptions) {
    this.id = options.id;
    this.incarnation = options.incarnation;
    this.#options = options;
    this.#conversation = new Conversation({
      onMessage: (message) => this.#onMessage(message),
      weigh: messageBytes,
      maxFrameBytes: frameBytes,
      extra: () => ({ heartbeat: this.#heartbeat?.number ?? 0 }),
    });
  }

  // ---- for the server

  frames(signal: AbortSignal): AsyncGenerator<DriverFrameParts> {
    return this.#conversation.frames(signal);
  }

  receive(frame: ExecutorFrame): void {
    if (frame.heartbeat !== undefined) {
      this.#heartbeat = frame.heartbeat;
      this.#conversation.nudge();
    }
    this.#conversation.receive(frame);
  }

  // ---- for the driver

  launch({ runner, spec }: TaskDescription): void {
    this.#send({ case: 'launch', value: { taskId: BigInt(spec.taskId), runner, spec: JSON.stringify(spec) } });
  }

  kill(taskId: number, reason: string): void {
    this.#send({ case: 'kill', value: { taskId: BigInt(taskId), reason } });
  }

  ensureProgram(hash: string, bytes: Uint8Array): void {
    if (this.#programs.has(hash)) return;
    this.#programs.add(hash);
    const program = this.#options.payloads.pack(programBlob(hash), bytes);
    this.#send({ case: 'loadProgram', value: { hash, program } });
  }

  dropProgram(hash: string): void {
    this.#options.payloads.drop(programBlob(hash));
    if (this.#programs.delete(hash)) this.#send({ case: 'dropProgram', value: { hash } });
  }

  setMapOutputs(outputs: MapOutputs): void {
    const { shuffleId, epoch } = outputs;
    const kept = this.#outputs.get(shuffleId) ?? [];
    this.#outputs.set(shuffleId, kept);
    kept.push(outputsBlob(outputs));
    // The one before may be on its way.
    for (const old of kept.splice(0, kept.length - 2)) this.#options.payloads.drop(old);
    const payload = this.#options.payloads.pack(outputsBlob(outputs), encoded(outputs));
    this.#send({ case: 'setMapOutputs', value: { shuffleId, epoch, outputs: payload } });
  }

  removeShuffle(shuffleId: number): void {
    for (const blob of this.#outputs.get(shuffleId) ?? []) this.#options.payloads.drop(blob);
    this.#outputs.delete(shuffleId);
    this.#send({ case: 'removeShuffle', value: { shuffleId } });
  }

  peerGone(address: string): void {
    this.#send({ case: 'peerGone', value: { address } });
  }

  usage(): Promise<ExecutorUsage> {
    const call = this.#nextCall++;
    return new Promise((resolve) => {
      const answer = (usage: ExecutorUsage) => {
        giveUp();
        this.#calls.delete(call);
        resolve(usage);
      };
      const giveUp = this.#options.clock.after(usageMillis, () => answer(this.#lastUsage()));
      this.#calls.set(call, answer);
      this.#send({ case: 'askUsage', value: { call } });
    });
  }

  /** Asks the process to end; its exit is the cluster manager's to tell. */
  async stop(): Promise<void> {
    this.#send({ case: 'stop', value: { reason: 'the driver needs it no more' } });
    for (const answer of [...this.#calls.values()]) answer(this.#lastUsage());
  }

  #send(body: MessageBody): void {
    this.#conversation.send(create(DriverMessageSchema, { body }));
  }

  #onMessage({ body }: ExecutorMessage): void {
    switch (body.case) {
      case 'ready':
        this.address = body.value.address;
        return this.#options.onReady(body.value);
      case 'failure':
        return this.#options.onFailure(body.value);
      case 'leaving':
        return this.#options.onLeaving(body.value.reason);
      case 'taskEnded':
        return this.#onTaskEnded(body.value);
      case 'usage':
        return this.#calls.get(body.value.call)?.(JSON.parse(body.value.usage) as ExecutorUsage);
    }
  }

  #onTaskEnded({ outcome: json, data: payload }: TaskEnded): void {
    const outcome = JSON.parse(json) as TaskOutcome;
    if (payload === undefined) return this.#options.onResult({ outcome, data: null });
    const data = this.#options.payloads.unpack(payload);
    if (data instanceof Uint8Array) return this.#options.onResult({ outcome, data });
    data
      .then(
        (bytes) => this.#options.onResult({ outcome, data: bytes }),
        (error) => this.#options.onResult({ outcome: resultLost(outcome, errorToData(error)), data: null }),
      )
      .finally(() => {
        if (payload.from.case === 'blob') this.#send({ case: 'removeBlob', value: { id: payload.from.value.id } });
      });
  }

  #lastUsage(): ExecutorUsage {
    return this.#heartbeat === undefined ? noUsage : (JSON.parse(this.#heartbeat.usage) as ExecutorUsage);
  }
}

type MessageBody = NonNullable<MessageInitShape<typeof DriverMessageSchema>['body']>;

function messageBytes({ body }: DriverMessage): number {
  if (body.case === 'launch') return body.value.spec.length + 64;
  if (body.case === 'loadProgram') return payloadBytes(body.value.program) + 64;
  if (body.case === 'setMapOutputs') return payloadBytes(body.value.outputs) + 64;
  return 64;
}

/** All executors are given the same table: it is written once. */
const tables = new WeakMap<MapOutputs, Uint8Array>();

function encoded(outputs: MapOutputs): Uint8Array {
  const bytes = tables.get(outputs) ?? Buffer.from(JSON.stringify(outputs));
  tables.set(outputs, bytes);
  return bytes;
}

const programBlob = (hash: string) => `program/${hash}`;
const outputsBlob = ({ shuffleId, epoch }: MapOutputs) => `map-outputs/${shuffleId}/${epoch}`;

/** Spark's TaskResultLost: the task is done, but what it gave cannot be fetched. */
function resultLost({ taskId }: TaskOutcome, { message, cause }: ErrorData): TaskOutcome {
  const causes = cause === null ? [] : [cause.message];
  const failure = { kind: 'io', class: 'KILN_RESULT_LOST', message, causes, fetch: null } as const;
  return { taskId, status: { type: 'failed', failure }, metrics: noMetrics };
}
