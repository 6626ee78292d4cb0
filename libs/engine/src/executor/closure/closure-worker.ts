import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { TaskFailure, TaskMetrics, TaskSpec } from '@kiln/contracts/executor';
import type { NativeRecordsTask } from '@kiln/native';
import type { FromWorker, Reply, RunTask, WorkerOutput, WorkerStart } from './protocol.ts';

export interface WorkerOptions {
  /** Bytes that objects of users may take. */
  readonly heapBytes: number;
  readonly localDirs: readonly string[];
}

/** How the worker's part of a task ended. */
export type WorkerEnd =
  | { readonly type: 'done'; readonly output: WorkerOutput; readonly metrics: Partial<TaskMetrics> }
  | { readonly type: 'failed'; readonly failure: TaskFailure }
  /** It was terminated. */
  | { readonly type: 'gone' };

interface Running {
  readonly native: NativeRecordsTask;
  readonly readers: Set<number>;
  /** Writes, one after the other. */
  writing: Promise<void>;
  readonly end: (end: WorkerEnd) => void;
}

/** So much is read ahead of a worker that asks for records. */
const readBytes = 1 << 20;

/** A worker thread for functions of users, from the side of its executor. It runs one task at a time. */
export class ClosureWorker {
  readonly #worker: Worker;
  readonly #replies: MessagePort;
  readonly #signal: Int32Array;
  readonly #heapBytes: number;
  #program: string | undefined;
  #running: Running | undefined;
  #death: WorkerEnd | undefined;
  readonly #exited: Promise<void>;

  constructor({ heapBytes, localDirs }: WorkerOptions) {
    const { port1, port2 } = new MessageChannel();
    const signal = new SharedArrayBuffer(4);
    this.#replies = port1;
    this.#signal = new Int32Array(signal);
    this.#heapBytes = heapBytes;
    const workerData: WorkerStart = { signal, replies: port2, localDirs };
    this.#worker = new Worker(new URL('./worker/main.js', import.meta.url), {
      workerData,
      transferList: [port2],
      execArgv: [],
      name: 'kiln-functions',
      resourceLimits: { maxOldGenerationSizeMb: Math.ceil(heapBytes / 2 ** 20) },
    });
    this.#replies.unref();
    this.#worker.unref();
    this.#worker.on('message', (message: FromWorker) => this.#onMessage(message));
    this.#worker.on('error', (error) => {
      this.#death ??= { type: 'failed', failure: this.#failureOf(error) };
    });
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', (code) => {
        this.#death ??= { type: 'failed', failure: exitFailure(code) };
        this.#end(this.#death);
        this.#replies.close();
        resolve();
      });
    });
  }

  get isAlive(): boolean {
    return this.#death === undefined;
  }

  /** Runs the worker's part of a task. What it wrote is not committed yet. */
  run(spec: TaskSpec, program: Uint8Array, native: NativeRecordsTask): Promise<WorkerEnd> {
    if (this.#death !== undefined) return Promise.resolve(this.#death);
    const { promise, resolve } = Promise.withResolvers<WorkerEnd>();
    this.#running = { native, readers: new Set(), writing: Promise.resolve(), end: resolve };
    this.#worker.ref();
    const knows = this.#program === spec.program;
    this.#program = spec.program;
    this.#worker.postMessage({ type: 'run', spec, program: knows ? null : program } satisfies RunTask);
    return promise;
  }

  /** Ends it, whatever it does. Resolves when the thread is gone. */
  async terminate(): Promise<void> {
    this.#death ??= { type: 'gone' };
    await this.#worker.terminate();
    await this.#exited;
  }

  #onMessage(message: FromWorker): void {
    const running = this.#running;
    if (running === undefined) return;
    switch (message.type) {
      case 'done':
      case 'failed':
        return this.#end(message);
      case 'open-writer':
        return this.#attempt(() =>
          running.native.openWriter(message.shuffleId, message.partitions, message.determinism),
        );
      case 'close-reader':
        return running.native.closeReader(message.reader);
      case 'read':
        return void this.#read(running, message);
      case 'write':
        running.writing = running.writing.then(() => this.#write(running, message));
    }
  }

  async #read({ native, readers }: Running, message: Extract<FromWorker, { type: 'read' }>): Promise<void> {
    const { reader, shuffleId, partition } = message;
    try {
      if (!readers.has(reader)) native.openReader(reader, shuffleId, partition, partition + 1);
      readers.add(reader);
      const { data, failure } = await native.read(reader, readBytes);
      if (failure !== undefined) return this.#reply({ type: 'failure', failure: JSON.parse(failure) });
      // A copy: memory of the addon cannot go to another thread.
      this.#reply({ type: 'records', data: data === undefined ? null : new Uint8Array(data) });
    } catch (error) {
      this.#reply({ type: 'failure', failure: internalFailure(error) });
    }
  }

  async #write({ native }: Running, message: Extract<FromWorker, { type: 'write' }>): Promise<void> {
    try {
      const failure = await native.write(message.data, message.lengths, message.partitions);
      this.#reply(failure === null ? { type: 'written' } : { type: 'failure', failure: JSON.parse(failure) });
    } catch (error) {
      this.#reply({ type: 'failure', failure: internalFailure(error) });
    }
  }

  #attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#reply({ type: 'failure', failure: internalFailure(error) });
    }
  }

  #reply(reply: Reply): void {
    const transfer = reply.type === 'records' && reply.data !== null ? [reply.data.buffer as ArrayBuffer] : [];
    this.#replies.postMessage(reply, transfer);
    Atomics.add(this.#signal, 0, 1);
    Atomics.notify(this.#signal, 0);
  }

  #end(end: WorkerEnd): void {
    const running = this.#running;
    this.#running = undefined;
    this.#worker.unref();
    running?.end(end);
  }

  #failureOf(error: unknown): TaskFailure {
    if ((error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY') {
      const megabytes = Math.round(this.#heapBytes / 2 ** 20);
      return {
        kind: 'out-of-memory',
        class: 'OUT_OF_MEMORY',
        message: `the functions of a task took more than the ${megabytes} MiB of heap that a slot has: give the executor more memory, lower spark.memory.fraction, or have more partitions`,
        causes: [],
        fetch: null,
      };
    }
    const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
    return {
      kind: 'user',
      class: 'KILN_FUNCTION',
      message: `${name}: ${message} (thrown outside of the task, by a timer or a promise that nobody waits for)`,
      causes: [],
      fetch: null,
    };
  }
}

function exitFailure(code: number): TaskFailure {
  const message = `a function ended the worker thread that it ran in (exit code ${code})`;
  return { kind: 'user', class: 'KILN_FUNCTION_EXIT', message, causes: [], fetch: null };
}

export function internalFailure(error: unknown): TaskFailure {
  const message = error instanceof Error ? error.message : String(error);
  return { kind: 'internal', class: 'KILN_TASK_RUNNER', message, causes: [], fetch: null };
}
