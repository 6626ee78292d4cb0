// Generated from native/addon/src by `npm run gen`: do not edit.

/** Runs the tasks of one executor. */
export declare class NativeExecutor {
  /** JSON of `ExecutorConfig`. With a transport it serves its map outputs, and reads those of others. */
  constructor(config: string, transport?: NativeTransport | undefined | null)
  loadProgram(hash: string, bytes: Uint8Array): void
  /** Whether a program is loaded. */
  hasProgram(hash: string): boolean
  /** Forgets a program, and what its tasks shared. */
  dropProgram(hash: string): void
  /** JSON of `TaskSpec`. The Promise is settled when nothing of the attempt is left. */
  runTask(spec: string): Promise<TaskRunResult>
  /** JSON of `TaskSpec`: begins a task that runs in JavaScript. `cancelTask` ends its reads and writes. */
  openRecords(spec: string): NativeRecordsTask
  /** The task's `runTask` is settled as killed, when nothing of it is left. */
  cancelTask(taskId: number, reason: string): void
  /** JSON of `MapOutputs`. */
  setMapOutputs(outputs: string): void
  /** JSON of `MapOutputLocation[]` of one shuffle, of an executor that leaves: copies them into this one. JSON of `CopiedOutput[]`. */
  copyMapOutputs(shuffleId: number, outputs: string): Promise<string>
  /** Hands this executor's files to a shuffle service, whose secret is given in base64: they outlive this process. */
  registerWithShuffleService(address: string, secret: string): Promise<void>
  removeShuffle(shuffleId: number): void
  /**
   * Reads data sources that are written in JavaScript. `read` gets JSON `{ call, stream, type, .. }`, of type
   * `open` (with `source`, `payload`, `split`, `columns`), `next` or `close`; it answers `open` and `next` by
   * `externalBatch(call, ..)`.
   */
  setExternalReader(read: (request: string) => void): void
  /** The answer to a call of the external reader: an Arrow IPC stream, or null at the end, or an error's message. */
  externalBatch(call: number, data?: Uint8Array | undefined | null, error?: string | undefined | null): void
  /**
   * A block store that is written in JavaScript. `ask` gets JSON `{ call, type, key }` with `type` `put` and the block,
   * or `get`; it answers by `blockAnswer(call, ..)`.
   */
  setBlockStore(ask: (request: string, block: Buffer | null) => void): void
  /** The answer to a call of the block store: the block (null: it is lost; also after a `put`), or an error's message. */
  blockAnswer(call: number, block?: Uint8Array | undefined | null, error?: string | undefined | null): void
  /** JSON of `ExecutorUsage`. */
  usage(): string
  /** Cancels what runs, waits for it, and forgets everything. */
  close(): Promise<void>
}

/** One task attempt that runs in JavaScript, with a native shuffle. It counts as live until `close`. */
export declare class NativeRecordsTask {
  /** Opens reduce partitions `start` to before `end` of a shuffle, under a number of the caller's. */
  openReader(reader: number, shuffleId: number, start: number, end: number): void
  /** The next records: at least `minBytes`, unless they end. */
  read(reader: number, minBytes: number): Promise<RecordsBlock>
  /** Nobody reads on. */
  closeReader(reader: number): void
  /** Begins the map output; `determinism`: `determinate`, `unordered` or `indeterminate`. */
  openWriter(shuffleId: number, partitions: number, determinism: string): void
  /** `data` has the records one after the other: record i has `lengths[i]` bytes and goes to `partitions[i]`. JSON of the `TaskFailure`, or null. */
  write(data: Uint8Array, lengths: Uint32Array, partitions: Uint32Array): Promise<string | null>
  /** Commits the map output, if there is one: JSON `{ status, metrics }` with `TaskStatus` (null: there is no output) and `TaskMetrics`. */
  finish(): Promise<string>
  /** JSON of `TaskMetrics`: what the task has read and held so far. */
  metrics(): string
  /** Nothing of the task is left, once calls that are under way have ended. */
  close(): void
}

/** Serves the map outputs of executors that are gone, in a process of its own. */
export declare class NativeShuffleService {
  /** JSON of `ShuffleServiceConfig`. Reads the registry and binds the port. */
  static open(config: string): Promise<NativeShuffleService>
  /** `host:port` by which others reach it. */
  get address(): string
  /** `log` gets messages about peers that were turned away, and applications that nobody ended. */
  onLog(log: (message: string) => void): void
  /** JSON of `ShuffleServiceUsage`. */
  usage(): string
  /** Ends all connections and stops listening; files and registry stay. */
  close(): Promise<void>
}

/** One per process: serves this process's blocks and blobs, and fetches those of others. */
export declare class NativeTransport {
  /** JSON of `TransportConfig`. Binds the port. */
  static open(config: string): Promise<NativeTransport>
  /** `host:port` by which others reach it. */
  get address(): string
  /** Serves bytes under an id: programs, large results, plugin tarballs, map-output tables. */
  putBlob(id: string, bytes: Uint8Array): void
  removeBlob(id: string): void
  /** Bytes that another process serves; codes of errors are `KILN_FETCH_*`. */
  fetchBlob(address: string, id: string): Promise<Buffer>
  /** The process at an address has ended for good: what waits for it fails at once, without further tries. */
  peerGone(address: string): void
  /** Tells a shuffle service that this application has ended: its files go. */
  endApplication(address: string): Promise<void>
  /** Tells a shuffle service that nobody reads a shuffle any more. */
  removeShuffle(address: string, shuffleId: number): Promise<void>
  /** `log` gets messages about peers that were turned away (a wrong secret, garbage). */
  onLog(log: (message: string) => void): void
  /** JSON of `TransportUsage`. */
  usage(): string
  /** Ends all connections and stops listening. */
  close(): Promise<void>
}

/** `AnalyzeRequest` -> `{ plan, schema, nextColumnId }`. */
export declare function analyze(request: string): string

/** `[{ keys, rows }]` of sorted runs -> `string[]` of at most `partitions - 1` bounds. */
export declare function chooseRangeBounds(runs: string, partitions: number): string

/** Calls into the addon and back so far. */
export declare function crossings(): number

/** `string[]` of files and `ScanFormat` csv -> `StructField[]`; `inferTypes` false: all strings. */
export declare function inferCsvSchema(paths: string, scan: string, inferTypes: boolean): Promise<string>

/** `string[]` of files or directories -> `Table`. */
export declare function parquetMetadata(paths: string): Promise<string>

/** Text of one expression -> `Expression`. */
export declare function parseExpression(text: string): string

/** SQL text -> `Relation`. */
export declare function parseSql(text: string): string

/** `resolved`: the request's plan is a resolved tree already. JSON of the answer: `StagedPlan`. */
export declare function plan(request: string, resolved: boolean): Promise<PlannedStages>

/** The stages of a query: JSON of `StagedPlan`, and the opaque plan of each stage. */
export interface PlannedStages {
  json: string
  stages: Array<Buffer>
}

/** Records one after the other, or JSON of the `TaskFailure`; neither at the end. */
export interface RecordsBlock {
  data?: Buffer
  failure?: string
}

/** A stage as planned and `StageDecisions` -> the program of its tasks. */
export declare function refine(stage: Uint8Array, decisions: string): RefinedProgram

/** What executors run, under the id that tasks name. */
export interface RefinedProgram {
  program: Buffer
  hash: string
  /** Tasks of the stage as it was decided. */
  numTasks: number
}

/** `AnalyzeRequest` -> `TableRequest[]`. */
export declare function requiredTables(request: string): string

/** Results (Arrow IPC streams, in order) as Spark's `show()` prints them; `truncate` 0: whole values; `timeZone`: of timestamps (UTC). */
export declare function showString(results: Array<Uint8Array>, rows: number, truncate: number, vertical: boolean, timeZone?: string | undefined | null): string

/** JSON of `TaskOutcome`, and the bytes of a result. */
export interface TaskRunResult {
  json: string
  data?: Buffer
}
