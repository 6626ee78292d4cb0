import { Worker } from 'node:worker_threads';
import { errorFromData, KilnError, type Unregister } from '@kiln/base';
import type { ExecutorUsage } from '@kiln/contracts/executor';
import type { EngineListener } from '@kiln/contracts/listener';
import type { StructField } from '@kiln/contracts/plan';
import type { WriteMode } from '@kiln/contracts/storage';
import { AsyncQueue } from './async-queue.ts';
import { collectGarbage } from './collect-garbage.ts';
import type {
  ControlMethods,
  ControlStart,
  EngineLineage,
  EngineOptions,
  EngineQuery,
  ExplainResult,
  FromControl,
  ShowOptions,
  ToControl,
  WriteResult,
} from './messages.ts';

export interface JobOptions {
  /** For people: what the job is about. */
  readonly description: string;
  /** Aborting it cancels the job. */
  readonly signal?: AbortSignal;
}

/** A running query: its results come in partition order, as Arrow IPC streams. */
export interface Execution {
  readonly jobId: Promise<number>;
  readonly schema: Promise<readonly StructField[]>;
  readonly results: AsyncIterable<Uint8Array>;
}

/** A running action on an RDD. */
export interface LineageExecution {
  readonly results: AsyncIterable<Uint8Array>;
  /** What was written to files, when all is done. */
  readonly written: Promise<WriteResult>;
}

/** The user's end of an engine whose control plane runs in a thread of its own. */
export interface EngineHandle {
  readonly appId: string;
  readonly master: string;
  /** About settings that are unknown or have no effect. */
  readonly warnings: readonly string[];
  schema(query: EngineQuery): Promise<readonly StructField[]>;
  explain(query: EngineQuery): Promise<ExplainResult>;
  execute(query: EngineQuery, options: JobOptions): Execution;
  write(query: EngineQuery, options: JobOptions & { readonly mode: WriteMode }): Promise<WriteResult>;
  /** An action on an RDD: its results come in the order of its partitions, as encoded records. */
  executeLineage(query: EngineLineage, options: JobOptions): LineageExecution;
  /** No RDD refers to these shuffles any more: they may go. */
  releaseLineage(shuffles: readonly number[]): void;
  /** Slots of all executors, or `spark.default.parallelism`. */
  defaultParallelism(): Promise<number>;
  /** Formats results as Spark's `show()`. */
  showString(results: readonly Uint8Array[], options: ShowOptions): Promise<string>;
  /** The DataFrame is gone: its shuffles may go. */
  releasePlan(dataFrameId: number): void;
  /** Events are delivered in order on this thread. */
  listen(listener: EngineListener): Unregister;
  cancelJob(jobId: number, reason: string): void;
  usage(): Promise<ExecutorUsage>;
  /** Cancels what runs, frees everything, ends the thread. */
  stop(): Promise<void>;
}

/** Starts the control thread; resolves when an executor is there. */
export async function startEngine(options: EngineOptions = {}): Promise<EngineHandle> {
  const start: ControlStart = {
    name: options.name ?? options.conf?.['spark.app.name'] ?? 'kiln',
    master: options.master ?? options.conf?.['spark.master'] ?? 'local[*]',
    conf: options.conf ?? {},
    plugins: options.plugins ?? [],
    bindings: options.bindings ?? {},
    baseDir: options.baseDir ?? process.cwd(),
    executorMain: options.executorMain ?? null,
  };
  // Here too: the addon's allocator does not survive the end of the thread that loaded it first.
  await import('@kiln/engine/native');
  // A thread takes over the process's arguments, but `node --input-type=module -e ..` is about the program there.
  const inherits = !process.execArgv.some((argument) => argument.startsWith('--input-type'));
  const worker = new Worker(new URL('./main.js', import.meta.url), {
    workerData: start,
    ...(inherits ? {} : { execArgv: [] }),
  });
  const ready = await new Promise<Extract<FromControl, { type: 'ready' }>>((resolve, reject) => {
    const ended = (code: number) =>
      reject(
        new KilnError(
          'KILN_ENGINE_DIED',
          `The engine's control thread ended with exit code ${code} before it was ready`,
        ),
      );
    worker.once('error', reject);
    worker.once('exit', ended);
    worker.once('message', (message: FromControl) => {
      worker.off('error', reject);
      worker.off('exit', ended);
      if (message.type === 'ready') resolve(message);
      else if (message.type === 'failed-to-start') reject(errorFromData(message.error));
    });
  }).catch(async (error) => {
    await worker.terminate();
    throw error;
  });
  return new ControlClient(worker, ready);
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onJob: (jobId: number, schema: readonly StructField[]) => void;
  readonly onResults: (data: readonly Uint8Array[]) => void;
}

class ControlClient implements EngineHandle {
  readonly appId: string;
  readonly master: string;
  readonly warnings: readonly string[];
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Set<EngineListener>();
  readonly #warned = new WeakSet<EngineListener>();
  #next = 0;
  #stopped: Promise<void> | undefined;
  /** Why the thread answers no more. */
  #dead: KilnError | undefined;

  constructor(worker: Worker, ready: Extract<FromControl, { type: 'ready' }>) {
    this.#worker = worker;
    this.appId = ready.appId;
    this.master = ready.master;
    this.warnings = ready.warnings;
    worker.on('message', (message: FromControl) => this.#onMessage(message));
    worker.on('error', (error) =>
      this.#fail(
        new KilnError('KILN_ENGINE_DIED', `The engine's control thread died: ${error.message}`, { cause: error }),
      ),
    );
    worker.on('exit', () => this.#fail(new KilnError('KILN_ENGINE_STOPPED', 'The engine is stopped')));
    // A forgotten session does not keep the process alive; a call in progress does.
    worker.unref();
  }

  schema(query: EngineQuery): Promise<readonly StructField[]> {
    return this.#call('schema', [query]);
  }

  explain(query: EngineQuery): Promise<ExplainResult> {
    return this.#call('explain', [query]);
  }

  execute(query: EngineQuery, options: JobOptions): Execution {
    const results = new AsyncQueue<Uint8Array>();
    const job = Promise.withResolvers<{ jobId: number; schema: readonly StructField[] }>();
    job.promise.catch(() => {});
    this.#call('execute', [query, options.description], {
      signal: options.signal,
      onJob: (jobId, schema) => job.resolve({ jobId, schema }),
      onResults: (data) => {
        for (const bytes of data) results.push(bytes);
      },
    }).then(
      () => results.end(),
      (error) => {
        job.reject(error);
        results.fail(error);
      },
    );
    const jobId = job.promise.then((started) => started.jobId);
    const schema = job.promise.then((started) => started.schema);
    jobId.catch(() => {});
    schema.catch(() => {});
    return { jobId, schema, results };
  }

  write(query: EngineQuery, options: JobOptions & { readonly mode: WriteMode }): Promise<WriteResult> {
    return this.#call('write', [query, options.mode, options.description], { signal: options.signal });
  }

  executeLineage(query: EngineLineage, options: JobOptions): LineageExecution {
    const results = new AsyncQueue<Uint8Array>();
    const written = this.#call('executeLineage', [query, options.description], {
      signal: options.signal,
      onResults: (data) => {
        for (const bytes of data) results.push(bytes);
      },
    });
    written.then(
      () => results.end(),
      (error) => results.fail(error),
    );
    return { results, written };
  }

  releaseLineage(shuffles: readonly number[]): void {
    if (this.#stopped === undefined) this.#call('releaseLineage', [shuffles]).catch(() => {});
  }

  defaultParallelism(): Promise<number> {
    return this.#call('defaultParallelism', []);
  }

  showString(results: readonly Uint8Array[], options: ShowOptions): Promise<string> {
    return this.#call('showString', [results, options]);
  }

  releasePlan(dataFrameId: number): void {
    if (this.#stopped === undefined) this.#call('releasePlan', [dataFrameId]).catch(() => {});
  }

  listen(listener: EngineListener): Unregister {
    this.#listeners.add(listener);
    this.#subscribe();
    return () => {
      this.#listeners.delete(listener);
      this.#subscribe();
    };
  }

  cancelJob(jobId: number, reason: string): void {
    this.#call('cancelJob', [jobId, reason]).catch(() => {});
  }

  usage(): Promise<ExecutorUsage> {
    return this.#call('usage', []);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    try {
      // A thread that is dead has nothing left to stop.
      if (this.#dead === undefined) await this.#call('stop', []);
    } finally {
      await this.#worker.terminate();
    }
  }

  #call<M extends keyof ControlMethods>(
    method: M,
    parameters: Parameters<ControlMethods[M]>,
    options: {
      readonly signal?: AbortSignal | undefined;
      readonly onJob?: Pending['onJob'];
      readonly onResults?: Pending['onResults'];
    } = {},
  ): Promise<ReturnType<ControlMethods[M]>> {
    const dead =
      this.#stopped === undefined ? this.#dead : new KilnError('KILN_ENGINE_STOPPED', 'The engine is stopped');
    if (dead !== undefined) return Promise.reject(dead);
    const id = this.#next++;
    const { signal } = options;
    const cancel = () =>
      this.#post({
        type: 'cancel',
        id,
        reason: String(signal?.reason instanceof Error ? signal.reason.message : (signal?.reason ?? 'cancelled')),
      });
    return new Promise<ReturnType<ControlMethods[M]>>((resolve, reject) => {
      this.#pending.set(id, {
        resolve: (value) => resolve(value as ReturnType<ControlMethods[M]>),
        reject,
        onJob: options.onJob ?? (() => {}),
        onResults: options.onResults ?? (() => {}),
      });
      this.#worker.ref();
      this.#post({ type: 'call', id, method, parameters });
      if (signal?.aborted) cancel();
      else signal?.addEventListener('abort', cancel, { once: true });
    }).finally(() => signal?.removeEventListener('abort', cancel));
  }

  #onMessage(message: FromControl): void {
    if (message.type === 'events') return this.#deliver(message.events);
    if (message.type === 'collect-garbage') return collectGarbage();
    if (message.type === 'ready' || message.type === 'failed-to-start') return;
    const pending = this.#pending.get(message.id);
    if (message.type === 'job') return pending?.onJob(message.jobId, message.schema);
    if (message.type === 'results') return pending?.onResults(message.data);
    this.#settle(message.id);
    if (message.type === 'answer') pending?.resolve(message.value);
    else pending?.reject(errorFromData(message.error));
  }

  #deliver(events: Extract<FromControl, { type: 'events' }>['events']): void {
    for (const event of events) {
      for (const listener of this.#listeners) {
        if (!(listener.events?.includes(event.type) ?? true)) continue;
        try {
          listener.onEvent(event);
        } catch (error) {
          this.#warnOf(listener, event.type, error);
        }
      }
    }
  }

  /** Once for each listener: the next event will not please it either. */
  #warnOf(listener: EngineListener, type: string, error: unknown): void {
    if (this.#warned.has(listener)) return;
    this.#warned.add(listener);
    const message = error instanceof Error ? error.message : String(error);
    process.emitWarning(`A listener failed at '${type}': ${message}`, 'KilnWarning');
  }

  #subscribe(): void {
    if (this.#stopped !== undefined) return;
    const listeners = [...this.#listeners];
    const types = listeners.every((listener) => listener.events !== undefined)
      ? [...new Set(listeners.flatMap((listener) => listener.events ?? []))]
      : null;
    this.#call('listen', [types]).catch(() => {});
  }

  #settle(id: number): void {
    this.#pending.delete(id);
    if (this.#pending.size === 0) this.#worker.unref();
  }

  #fail(error: KilnError): void {
    this.#dead ??= error;
    for (const [id, pending] of this.#pending) {
      this.#settle(id);
      pending.reject(error);
    }
  }

  #post(message: ToControl): void {
    this.#worker.postMessage(message);
  }
}
