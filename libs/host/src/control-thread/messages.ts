import type { ErrorData } from '@kiln/base';
import type { ExecutorUsage } from '@kiln/contracts/executor';
import type { EngineEvent } from '@kiln/contracts/listener';
import type { Relation, StructField } from '@kiln/contracts/plan';
import type { Explain, Lineage, StagePlan } from '@kiln/contracts/planner';
import type { WriteMode } from '@kiln/contracts/storage';
import type { PluginReference } from '../plugin-host/index.ts';

/** What the user's thread and the control thread say to each other: plain data, results as Arrow IPC bytes. */
export interface EngineOptions {
  /** `spark.app.name`. Default: `kiln`. */
  readonly name?: string;
  /** Default: `local[*]`. */
  readonly master?: string;
  readonly conf?: Readonly<Record<string, string>>;
  /** Beside Kiln's own plugins. */
  readonly plugins?: readonly PluginReference[];
  /** Which plugin serves a token, where two offer it. */
  readonly bindings?: Readonly<Record<string, string>>;
  /** Where plugin packages and relative paths are looked for. Default: the working directory. */
  readonly baseDir?: string;
  /** Main file of @kiln/executor, which executors in processes of their own run; `null`: not installed. */
  readonly executorMain?: string | null;
}

/** A query as the client holds it. */
export interface EngineQuery {
  readonly plan: Relation;
  readonly views: Readonly<Record<string, Relation>>;
  /** Settings of the session that differ from the engine's. */
  readonly conf: Readonly<Record<string, string>>;
  /** The same id and action: the same plan, whose finished map stages are not run again. */
  readonly dataFrameId: number | null;
}

/** An action on an RDD as the client holds it. */
export interface EngineLineage {
  readonly lineage: Lineage;
  /** Settings of the session that differ from the engine's. */
  readonly conf: Readonly<Record<string, string>>;
}

export interface ExplainResult extends Explain {
  readonly stages: readonly StagePlan[];
  readonly notes: readonly string[];
}

export interface WriteResult {
  readonly rows: number;
  readonly files: number;
  readonly bytes: number;
}

export interface ShowOptions {
  readonly rows: number;
  /** Characters a cell may take; 0: no limit. */
  readonly truncate: number;
  readonly vertical: boolean;
}

/** Methods that answer once. */
export interface ControlMethods {
  schema(query: EngineQuery): readonly StructField[];
  explain(query: EngineQuery): ExplainResult;
  execute(query: EngineQuery, description: string): null;
  write(query: EngineQuery, mode: WriteMode, description: string): WriteResult;
  /** Results are encoded records; files are written when the action says so. */
  executeLineage(query: EngineLineage, description: string): WriteResult;
  /** No RDD refers to these shuffles any more. */
  releaseLineage(shuffles: readonly number[]): null;
  /** Slots of all executors, or `spark.default.parallelism`. */
  defaultParallelism(): number;
  showString(results: readonly Uint8Array[], options: ShowOptions): string;
  releasePlan(dataFrameId: number): null;
  cancelJob(jobId: number, reason: string): null;
  /** Event types wanted by the user's thread; `null`: all. */
  listen(types: readonly string[] | null): null;
  usage(): ExecutorUsage;
  stop(): null;
}

export type ToControl =
  | {
      readonly type: 'call';
      readonly id: number;
      readonly method: keyof ControlMethods;
      readonly parameters: readonly unknown[];
    }
  | { readonly type: 'cancel'; readonly id: number; readonly reason: string };

export type FromControl =
  | { readonly type: 'ready'; readonly appId: string; readonly master: string; readonly warnings: readonly string[] }
  | { readonly type: 'failed-to-start'; readonly error: ErrorData }
  | { readonly type: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly type: 'error'; readonly id: number; readonly error: ErrorData }
  /** Of an `execute` or `write`: the job it became. */
  | { readonly type: 'job'; readonly id: number; readonly jobId: number; readonly schema: readonly StructField[] }
  | { readonly type: 'results'; readonly id: number; readonly data: readonly Uint8Array[] }
  | { readonly type: 'events'; readonly events: readonly EngineEvent[] }
  /** What nobody holds any more keeps much memory. */
  | { readonly type: 'collect-garbage' };

export type ControlStart = Required<
  Pick<EngineOptions, 'name' | 'master' | 'conf' | 'plugins' | 'bindings' | 'baseDir' | 'executorMain'>
>;
