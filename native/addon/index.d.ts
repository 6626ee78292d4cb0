/* Written by hand until `napi build` generates it; these are the names and types that the TypeScript side imports. Strings are JSON of the boundary types. */
export interface PlannedStages { json: string; stages: Array<Buffer> }
export interface RefinedProgram { program: Buffer; hash: string }
export interface TaskRunResult { json: string; data?: Buffer }
/** `AnalyzeRequest` -> `TableRequest[]`. */
export declare function requiredTables(request: string): string
/** `AnalyzeRequest` -> `{ plan, schema, nextColumnId }`. */
export declare function analyze(request: string): string
/** `resolved`: the request's plan is a resolved tree already. JSON of the answer: `StagedPlan`. */
export declare function plan(request: string, resolved: boolean): Promise<PlannedStages>
export declare function refine(stage: Uint8Array, decisions: string): RefinedProgram
/** `[{ keys, rows }]` of sorted runs -> `string[]` of at most `partitions - 1` bounds. */
export declare function chooseRangeBounds(runs: string, partitions: number): string
/** `string[]` of files -> `Table`. */
export declare function parquetMetadata(paths: string): Promise<string>
/** `string[]` of files and `ScanFormat` csv -> `StructField[]`; `inferTypes` false: all strings. */
export declare function inferCsvSchema(paths: string, scan: string, inferTypes: boolean): Promise<string>
export declare function showString(results: Array<Uint8Array>, rows: number, truncate: number, vertical: boolean): string
/** Calls into the addon and back so far. */
export declare function crossings(): number
export declare class NativeExecutor {
  /** JSON of `ExecutorConfig`. */
  constructor(config: string)
  loadProgram(hash: string, bytes: Uint8Array): void
  dropProgram(hash: string): void
  runTask(spec: string): Promise<TaskRunResult>
  cancelTask(taskId: number, reason: string): void
  setMapOutputs(outputs: string): void
  removeShuffle(shuffleId: number): void
  usage(): string
  close(): Promise<void>
}
