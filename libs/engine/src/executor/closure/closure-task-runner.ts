import type {
  TaskContext,
  TaskDescription,
  TaskMetrics,
  TaskOutput,
  TaskResult,
  TaskRunner,
  TaskStatus,
} from '@kiln/contracts/executor';
import type { NativeExecutor, NativeRecordsTask } from '@kiln/native';
import { nativeError } from '../../native/index.ts';
import { ClosureWorker, internalFailure, type WorkerEnd, type WorkerOptions } from './closure-worker.ts';

interface Live {
  readonly worker: ClosureWorker;
  readonly native: NativeRecordsTask;
  /** Why it was told to stop. */
  killed: string | null;
  /** Its output is being committed: too late to stop it. */
  isEnding: boolean;
}

/**
 * Runs functions of users: in a worker thread for each slot, so that an endless loop ends with its thread and a full heap is the task's
 * own. What they shuffle is native. A worker whose task succeeded is used again.
 */
export class ClosureTaskRunner implements TaskRunner {
  readonly kind = 'closure';
  readonly #native: NativeExecutor;
  readonly #options: WorkerOptions;
  readonly #idle: ClosureWorker[] = [];
  readonly #live = new Map<number, Live>();
  #stopped = false;

  constructor(native: NativeExecutor, options: WorkerOptions) {
    this.#native = native;
    this.#options = options;
  }

  async run(task: TaskDescription, context: TaskContext): Promise<TaskResult> {
    const started = performance.now();
    const { spec } = task;
    const result = await this.#attempt(task, context);
    const metrics = {
      ...result.metrics,
      executorRunNanos: Math.round((performance.now() - started) * 1e6),
    };
    return { outcome: { taskId: spec.taskId, status: result.status, metrics }, data: result.data };
  }

  cancel(taskId: number, reason: string): void {
    const live = this.#live.get(taskId);
    if (live === undefined || live.isEnding) return;
    live.killed ??= reason;
    this.#native.cancelTask(taskId, reason);
    void live.worker.terminate();
  }

  /** After all tasks. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#idle.splice(0).map((worker) => worker.terminate()));
  }

  async #attempt({ spec }: TaskDescription, context: TaskContext): Promise<Ended> {
    const native = this.#open(spec);
    const worker = this.#idle.pop() ?? new ClosureWorker(this.#options);
    const live: Live = { worker, native, killed: null, isEnding: false };
    this.#live.set(spec.taskId, live);
    let isClean = false;
    try {
      const program = await context.program(spec.program);
      const end = live.killed === null ? await worker.run(spec, program, native) : ({ type: 'gone' } as const);
      isClean = end.type === 'done';
      return await this.#ended(live, end);
    } catch (error) {
      const metrics = metricsOf(native);
      return { status: { type: 'failed', failure: internalFailure(error) }, metrics, data: null };
    } finally {
      this.#live.delete(spec.taskId);
      native.close();
      if (isClean && worker.isAlive && !this.#stopped) this.#idle.push(worker);
      else await worker.terminate();
    }
  }

  #open(spec: TaskDescription['spec']): NativeRecordsTask {
    try {
      return this.#native.openRecords(JSON.stringify(spec));
    } catch (error) {
      throw nativeError(error);
    }
  }

  async #ended(live: Live, end: WorkerEnd): Promise<Ended> {
    const metrics = metricsOf(live.native);
    if (live.killed !== null) return { status: { type: 'killed', reason: live.killed }, metrics, data: null };
    if (end.type === 'gone') return { status: { type: 'killed', reason: 'its worker was ended' }, metrics, data: null };
    if (end.type === 'failed') return { status: { type: 'failed', failure: end.failure }, metrics, data: null };
    live.isEnding = true;
    const finished = JSON.parse(await live.native.finish()) as { status: TaskStatus | null; metrics: TaskMetrics };
    const all = summed(finished.metrics, end.metrics);
    if (finished.status !== null) return { status: finished.status, metrics: all, data: null };
    return success(end, all);
  }
}

interface Ended {
  readonly status: TaskStatus;
  readonly metrics: TaskMetrics;
  readonly data: Uint8Array | null;
}

function success({ output }: Extract<WorkerEnd, { type: 'done' }>, metrics: TaskMetrics): Ended {
  switch (output.type) {
    case 'map-output':
      throw new Error('the native shuffle has no output of a task that wrote one');
    case 'write': {
      const outputBytes = output.files.reduce((sum, file) => sum + file.bytes, 0);
      const outputRows = output.files.reduce((sum, file) => sum + file.rows, 0);
      return { status: succeeded(output), metrics: { ...metrics, outputBytes, outputRows }, data: null };
    }
    case 'result': {
      const { rows, data } = output;
      const status = succeeded({ type: 'result', rows, bytes: data.byteLength });
      return { status, metrics: { ...metrics, outputRows: rows, resultBytes: data.byteLength }, data };
    }
  }
}

/** What is native of a task so far. */
function metricsOf(native: NativeRecordsTask): TaskMetrics {
  return JSON.parse(native.metrics()) as TaskMetrics;
}

function succeeded(output: TaskOutput): TaskStatus {
  return { type: 'success', output };
}

/** With what the worker counted beside what is native. */
function summed(native: TaskMetrics, worker: Partial<TaskMetrics>): TaskMetrics {
  const sums = Object.entries(worker).map(([name, amount]) => [
    name,
    amount + (native[name as keyof TaskMetrics] ?? 0),
  ]);
  return { ...native, ...Object.fromEntries(sums) };
}
