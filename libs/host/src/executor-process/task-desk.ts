import { errorToData } from '@kiln/base';
import {
  type Executor,
  type MapOutputs,
  noMetrics,
  type TaskDescription,
  type TaskResult,
  type TaskSpec,
} from '@kiln/contracts/executor';
import type { DriverMessage, ExecutorMessageSchema, MessageInitShape, Payload } from '@kiln/rpc/executor';
import type { Payloads } from '../executors/payloads.ts';

export type ExecutorBody = NonNullable<MessageInitShape<typeof ExecutorMessageSchema>['body']>;

export interface TaskDeskOptions {
  readonly executor: Executor;
  readonly payloads: Payloads;
  /** Larger results travel as blobs. */
  readonly maxDirectResultBytes: number;
  readonly send: (body: ExecutorBody) => void;
}

/** Something large that tasks need: it is fetched while other messages are dealt with. */
interface Load {
  readonly payload: Payload | undefined;
  readonly use: (bytes: Uint8Array) => void;
  running: Promise<void> | null;
}

/** Does what the driver says, in its order: a task waits for what was sent before it and is still on its way. */
export class TaskDesk {
  readonly #options: TaskDeskOptions;
  /** By what they are: a newer table of a shuffle replaces an older one. */
  readonly #loads = new Map<string, Load>();
  /** Tasks that wait for loads, and why they were killed meanwhile. */
  readonly #waiting = new Map<number, string | null>();

  constructor(options: TaskDeskOptions) {
    this.#options = options;
  }

  on({ body }: DriverMessage): void {
    const { executor, payloads, send } = this.#options;
    switch (body.case) {
      case 'launch':
        return this.#launch({ spec: JSON.parse(body.value.spec) as TaskSpec, runner: body.value.runner });
      case 'kill':
        return this.#kill(Number(body.value.taskId), body.value.reason);
      case 'loadProgram': {
        const { hash, program } = body.value;
        return this.#load(`program ${hash}`, program, (bytes) => executor.loadProgram(hash, bytes));
      }
      case 'dropProgram':
        this.#loads.delete(`program ${body.value.hash}`);
        return executor.dropProgram(body.value.hash);
      case 'setMapOutputs':
        return this.#load(`outputs of shuffle ${body.value.shuffleId}`, body.value.outputs, (bytes) =>
          executor.setMapOutputs(JSON.parse(Buffer.from(bytes).toString()) as MapOutputs),
        );
      case 'removeShuffle':
        this.#loads.delete(`outputs of shuffle ${body.value.shuffleId}`);
        return executor.removeShuffle(body.value.shuffleId);
      case 'askUsage':
        return send({ case: 'usage', value: { call: body.value.call, usage: JSON.stringify(executor.usage()) } });
      case 'removeBlob':
        return payloads.drop(body.value.id);
      case 'peerGone':
        return payloads.peerGone(body.value.address);
    }
  }

  #load(name: string, payload: Payload | undefined, use: (bytes: Uint8Array) => void): void {
    this.#loads.delete(name);
    const bytes = this.#options.payloads.unpack(payload);
    if (bytes instanceof Uint8Array) return use(bytes);
    const load: Load = { payload, use, running: null };
    this.#loads.set(name, load);
    this.#run(name, load, bytes);
  }

  /** One that failed stays: the next task that needs it tries again. */
  #run(name: string, load: Load, bytes: Promise<Uint8Array>): void {
    load.running = bytes.then((loaded) => {
      // Dropped or replaced meanwhile.
      if (this.#loads.get(name) !== load) return;
      this.#loads.delete(name);
      load.use(loaded);
    });
    load.running.catch(() => {
      load.running = null;
    });
  }

  #launch(task: TaskDescription): void {
    if (this.#loads.size === 0) return this.#start(task);
    const { taskId } = task.spec;
    this.#waiting.set(taskId, null);
    void this.#loaded().then(
      () => {
        const killed = this.#waiting.get(taskId) ?? null;
        this.#waiting.delete(taskId);
        if (killed === null) this.#start(task);
        else
          this.#report({
            outcome: { taskId, status: { type: 'killed', reason: killed }, metrics: noMetrics },
            data: null,
          });
      },
      (error) => {
        this.#waiting.delete(taskId);
        this.#report(notLoaded(taskId, error));
      },
    );
  }

  async #loaded(): Promise<void> {
    await Promise.all(
      [...this.#loads].map(([name, load]) => {
        if (load.running === null) this.#run(name, load, Promise.resolve(this.#options.payloads.unpack(load.payload)));
        return load.running;
      }),
    );
  }

  #start(task: TaskDescription): void {
    void this.#options.executor.launch(task).then((result) => this.#report(result));
  }

  #kill(taskId: number, reason: string): void {
    if (this.#waiting.has(taskId)) this.#waiting.set(taskId, reason);
    else this.#options.executor.kill(taskId, reason);
  }

  #report({ outcome, data }: TaskResult): void {
    const { payloads, maxDirectResultBytes, send } = this.#options;
    const value = { taskId: BigInt(outcome.taskId), outcome: JSON.stringify(outcome) };
    if (data === null) return send({ case: 'taskEnded', value });
    const payload = payloads.pack(`result/${outcome.taskId}`, data, maxDirectResultBytes);
    send({ case: 'taskEnded', value: { ...value, data: payload } });
  }
}

function notLoaded(taskId: number, error: unknown): TaskResult {
  const { message, cause } = errorToData(error);
  const causes = cause === null ? [] : [cause.message];
  const failure = {
    kind: 'io',
    class: 'KILN_TASK_INPUT',
    message: `what the task needs could not be fetched from the driver: ${message}`,
    causes,
    fetch: null,
  } as const;
  return { outcome: { taskId, status: { type: 'failed', failure }, metrics: noMetrics }, data: null };
}
