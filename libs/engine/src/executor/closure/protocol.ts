import type { TaskFailure, TaskMetrics, TaskSpec, WrittenFile } from '@kiln/contracts/executor';

/** What an executor and its workers say to each other. Records cross encoded, some MB at a time. */

export interface WorkerStart {
  /** Counts the messages on {@link replies}: a worker that waits for one sleeps on it. */
  readonly signal: SharedArrayBuffer;
  readonly replies: import('node:worker_threads').MessagePort;
  /** Where sorts and combiners that do not fit into the heap go. */
  readonly localDirs: readonly string[];
}

export interface RunTask {
  readonly type: 'run';
  readonly spec: TaskSpec;
  /** `null`: the worker has it. */
  readonly program: Uint8Array | null;
}

export type FromWorker =
  | { readonly type: 'read'; readonly reader: number; readonly shuffleId: number; readonly partition: number }
  | { readonly type: 'close-reader'; readonly reader: number }
  | {
      readonly type: 'write';
      readonly data: Uint8Array;
      readonly lengths: Uint32Array;
      readonly partitions: Uint32Array;
    }
  | {
      readonly type: 'open-writer';
      readonly shuffleId: number;
      readonly partitions: number;
      readonly determinism: string;
    }
  | { readonly type: 'done'; readonly output: WorkerOutput; readonly metrics: Partial<TaskMetrics> }
  | { readonly type: 'failed'; readonly failure: TaskFailure };

export type WorkerOutput =
  | { readonly type: 'map-output' }
  | { readonly type: 'result'; readonly rows: number; readonly data: Uint8Array }
  | { readonly type: 'write'; readonly files: readonly WrittenFile[] };

/** Answers to `read` and `write`, in the order in which they were asked for each. */
export type Reply =
  | { readonly type: 'records'; readonly data: Uint8Array | null }
  | { readonly type: 'written' }
  | { readonly type: 'failure'; readonly failure: TaskFailure };
