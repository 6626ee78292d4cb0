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
  /** Where its bytes are served, `host:port`; empty: in this process, or in a store that all executors share. */
  readonly address: string;
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
  /** Where a function of the user's failed; not from native tasks. */
  readonly stack?: string;
}

export type FailureKind = 'user' | 'out-of-memory' | 'io' | 'fetch-failed' | 'panic' | 'internal';

export interface FetchFailure {
  readonly shuffleId: number;
  readonly map: number;
  readonly reduce: number;
  readonly executorId: string;
  readonly cause: FetchCause;
}

/** What is to blame for a lost block; `corrupt`: damaged, and nobody can say where. */
export type FetchCause = 'missing' | 'disk' | 'network' | 'corrupt' | 'unknown';

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
  readonly remoteBlocksFetched: number;
  readonly localBlocksFetched: number;
  readonly remoteBytesRead: number;
  readonly remoteBytesReadToDisk: number;
  readonly localBytesRead: number;
  readonly fetchWaitNanos: number;
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

/** What crosses to `NativeTransport.open`: the twin of `native/transport/src/config.rs` (same names, same order). */
export interface TransportConfig {
  /** Address to bind to. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** The host by which others reach this process; empty: `host`. */
  readonly advertisedHost: string;
  /** Peers of another application are refused. */
  readonly applicationId: string;
  /** Base64 of the secret that peers prove to have. */
  readonly secret: string;
  /** Files in PEM: this process's certificate and key, and the authority that peers' certificates must come from. */
  readonly tls: { readonly certificate: string; readonly key: string; readonly authority: string } | null;
  /** The longest frame that is taken from a peer. */
  readonly maxFrameBytes: number;
  /** A peer that says nothing for so long is gone. */
  readonly idleTimeoutMillis: number;
  /** Limit of connecting and of the handshake. */
  readonly connectTimeoutMillis: number;
  /** Bytes on their way to one shuffle reader of a task (`spark.reducer.maxSizeInFlight`). */
  readonly maxSizeInFlight: number;
  /** Bytes on their way to this process. */
  readonly maxBytesInFlight: number;
  /** Requests under way of one shuffle reader (`spark.reducer.maxReqsInFlight`). */
  readonly maxReqsInFlight: number;
  /** Tries after the first one when a connection fails (`spark.shuffle.io.maxRetries`). */
  readonly maxRetries: number;
  /** Wait before each (`spark.shuffle.io.retryWait`). */
  readonly retryWaitMillis: number;
  /** Larger blocks go to a file before they are read (`spark.network.maxRemoteBlockSizeFetchToMem`). */
  readonly maxBlockToMemory: number;
}

/** What `NativeTransport.usage` tells. */
export interface TransportUsage {
  readonly blobs: number;
  readonly blobBytes: number;
  readonly connectionsIn: number;
  readonly connectionsOut: number;
  /** Connections made to others since the start. */
  readonly connected: number;
  /** Requests sent since the start. */
  readonly requests: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Credit that readers hold now. */
  readonly bytesInFlight: number;
  /** Peers turned away since the start. */
  readonly refused: number;
}

/** A map output that was copied to an executor. */
export interface CopiedOutput {
  readonly map: number;
  readonly uri: string;
}

/** What crosses to `NativeShuffleService.open`: the twin of `ShuffleServiceConfig` in `native/transport/src/service` (same names, same order). */
export interface ShuffleServiceConfig {
  /** Address to bind to. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** The host by which others reach it; empty: `host`. */
  readonly advertisedHost: string;
  /** Base64 of the secret of those who may register. */
  readonly secret: string;
  readonly tls: TransportConfig['tls'];
  /** Directory of its registry, which has the secrets of applications: for its owner only. */
  readonly directory: string;
  /** An application without a living executor on this host that is not heard of for so long has ended. */
  readonly applicationTimeoutMillis: number;
  readonly maxFrameBytes: number;
  readonly idleTimeoutMillis: number;
  readonly connectTimeoutMillis: number;
}

/** What `NativeShuffleService.usage` tells. */
export interface ShuffleServiceUsage {
  readonly applications: number;
  readonly connections: number;
  readonly bytesSent: number;
  /** Peers turned away since the start. */
  readonly refused: number;
}
