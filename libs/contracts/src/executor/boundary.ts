import type { Split } from '../planner/boundary.ts';

/** What crosses to the native executor, as JSON: the twin of `native/query/src/boundary/task.rs` (same names, same order; see there). */
export interface ExecutorConfig {
  readonly executorId: string;
  readonly slots: number;
  readonly memoryBytes: number;
  readonly storageFraction: number;
  readonly localDirs: readonly string[];
  readonly blockStore: string;
  readonly compression: string;
}

export interface TaskSpec {
  readonly taskId: number;
  readonly jobId: number;
  readonly stageId: number;
  readonly stageAttempt: number;
  readonly partition: number;
  readonly attempt: number;
  readonly program: string;
  readonly splits: Readonly<Record<number, readonly Split[]>>;
  readonly epoch: number;
  readonly writeDir: string | null;
  readonly sharesBuild: boolean;
}

export interface MapOutputs {
  readonly shuffleId: number;
  readonly epoch: number;
  readonly outputs: readonly MapOutputLocation[];
}

export interface MapOutputLocation {
  readonly map: number;
  readonly executorId: string;
  readonly uri: string;
  /** `MapStatus.keys` of a range exchange; else empty. */
  readonly keys: readonly string[];
}

export interface TaskOutcome {
  readonly taskId: number;
  readonly status: TaskStatus;
  readonly metrics: TaskMetrics;
}

export type TaskStatus =
  | { readonly type: 'success'; readonly output: TaskOutput }
  | { readonly type: 'failed'; readonly failure: TaskFailure }
  | { readonly type: 'killed'; readonly reason: string };

export type TaskOutput =
  | { readonly type: 'map-output'; readonly status: MapStatus }
  | { readonly type: 'result'; readonly rows: number; readonly bytes: number }
  | { readonly type: 'write'; readonly files: readonly WrittenFile[] };

export interface MapStatus {
  readonly uri: string;
  readonly bytes: readonly number[];
  readonly rows: readonly number[];
  readonly checksum: string;
  readonly keys: readonly string[];
}

export interface WrittenFile {
  readonly path: string;
  readonly bytes: number;
  readonly rows: number;
}

export interface TaskFailure {
  readonly kind: FailureKind;
  readonly class: string;
  readonly message: string;
  readonly causes: readonly string[];
  readonly fetch: FetchFailure | null;
}

export type FailureKind = 'user' | 'out-of-memory' | 'io' | 'fetch-failed' | 'panic' | 'internal';

export interface FetchFailure {
  readonly shuffleId: number;
  readonly map: number;
  readonly reduce: number;
  readonly executorId: string;
}

/** Nanoseconds, bytes, rows. */
export interface TaskMetrics {
  readonly executorRunNanos: number;
  readonly executorCpuNanos: number;
  readonly deserializeNanos: number;
  readonly peakExecutionMemory: number;
  readonly memoryBytesSpilled: number;
  readonly diskBytesSpilled: number;
  readonly inputBytes: number;
  readonly inputRows: number;
  readonly outputBytes: number;
  readonly outputRows: number;
  readonly shuffleReadBytes: number;
  readonly shuffleReadRows: number;
  readonly shuffleWriteBytes: number;
  readonly shuffleWriteRows: number;
  readonly shuffleWriteNanos: number;
  readonly resultBytes: number;
  /** Collecting garbage of JavaScript; not from native tasks. */
  readonly gcNanos?: number;
}

export interface ExecutorUsage {
  readonly liveTasks: number;
  readonly reservedBytes: number;
  readonly storageBytes: number;
  readonly diskBytes: number;
  readonly temporaryFiles: number;
  readonly mapOutputs: number;
  readonly programs: number;
  readonly sharedBuilds: number;
}
