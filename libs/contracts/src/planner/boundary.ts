import type { Relation, StructField } from '../plan/index.ts';

/** What crosses to the native planner, as JSON: the twin of `native/query/src/boundary/plan.rs` (same names, same order; see there). */
export interface AnalyzeRequest {
  readonly plan: Relation;
  /** Temp views by lower-cased name. */
  readonly views: Readonly<Record<string, Relation>>;
  readonly conf: Readonly<Record<string, string>>;
  readonly tables: Readonly<Record<string, Table>>;
  readonly nextColumnId: number;
  readonly nextShuffleId: number;
  readonly nowMicros: number;
  readonly defaultParallelism: number;
  readonly action: { readonly type: 'collect' } | { readonly type: 'write' };
}

export interface TableRequest {
  readonly key: string;
  readonly format: string;
  readonly paths: readonly string[];
  readonly options: Readonly<Record<string, string>>;
  readonly schema: readonly StructField[] | null;
}

export interface Table {
  readonly fields: readonly StructField[];
  readonly scan: ScanFormat;
  readonly files: readonly TableFile[];
  readonly rows: number | null;
  readonly columns: readonly ColumnStatistics[];
}

export interface ColumnStatistics {
  readonly min: string | null;
  readonly max: string | null;
  readonly nulls: number | null;
}

export type ScanFormat =
  | { readonly type: 'parquet' }
  | {
      readonly type: 'csv';
      readonly header: boolean;
      readonly delimiter: string;
      readonly quote: string;
      readonly escape: string | null;
      readonly nullValue: string;
      readonly comment: string | null;
      /** Values in quotes may hold ends of lines; such a file is one split. */
      readonly multiLine: boolean;
      readonly dateFormat: string | null;
      readonly timestampFormat: string | null;
    }
  | { readonly type: 'external'; readonly source: string; readonly payload: string };

export interface TableFile {
  readonly path: string;
  readonly size: number;
  readonly modifiedMillis: number;
  readonly rows: number | null;
  readonly hosts: readonly string[];
  /** Where it can be cut (Parquet's row groups); empty: anywhere. */
  readonly blocks: readonly FileBlock[];
}

export interface FileBlock {
  readonly start: number;
  readonly rows: number;
}

export interface StagedPlan {
  /** In dependency order, the result stage last. */
  readonly stages: readonly StagePlan[];
  readonly schema: readonly StructField[];
  readonly nextColumnId: number;
  readonly nextShuffleId: number;
  readonly notes: readonly string[];
  readonly explain: Explain;
}

export interface Explain {
  readonly unresolved: string;
  readonly resolved: string;
  readonly optimized: string;
  readonly physical: string;
}

export interface StagePlan {
  readonly id: number;
  readonly output: StageOutput;
  readonly inputs: readonly StageInput[];
  readonly scans: readonly StageScan[];
  readonly numTasks: number;
  readonly operators: OperatorNode;
  readonly estimatedBytes: number | null;
  readonly determinism: 'determinate' | 'unordered' | 'indeterminate';
  readonly sharesBuild: boolean;
}

export type StageOutput =
  | { readonly type: 'shuffle'; readonly shuffleId: number; readonly partitioning: Partitioning }
  | { readonly type: 'result' }
  | { readonly type: 'scalar-subquery'; readonly subqueryId: number }
  | { readonly type: 'write'; readonly format: string; readonly path: string };

export type Partitioning =
  | { readonly type: 'hash'; readonly expressions: readonly string[]; readonly numPartitions: number }
  | { readonly type: 'round-robin'; readonly numPartitions: number }
  | { readonly type: 'range'; readonly order: readonly string[]; readonly numPartitions: number }
  | { readonly type: 'single'; readonly merge: readonly string[] | null }
  | { readonly type: 'broadcast' };

export type StageInput =
  | {
      readonly type: 'shuffle';
      readonly reader: number;
      readonly shuffleId: number;
      readonly stage: number;
      readonly firstTask: number;
      readonly numPartitions: number;
      readonly coalescible: boolean;
      readonly group: number;
    }
  | { readonly type: 'broadcast'; readonly reader: number; readonly shuffleId: number; readonly stage: number }
  | { readonly type: 'scalar-subquery'; readonly subqueryId: number; readonly stage: number };

export interface StageScan {
  readonly scan: number;
  readonly table: string;
  readonly firstTask: number;
  readonly partitions: readonly (readonly Split[])[];
}

export interface Split {
  readonly path: string;
  readonly start: number;
  readonly length: number;
  readonly size: number;
  readonly modifiedMillis: number;
  readonly hosts: readonly string[];
}

export interface OperatorNode {
  readonly name: string;
  readonly detail: string;
  readonly children: readonly OperatorNode[];
}

export interface StageDecisions {
  readonly reads: Readonly<Record<number, readonly PartitionRead[]>>;
  readonly scalars: Readonly<Record<number, string>>;
  readonly inputBytes: Readonly<Record<number, readonly number[]>>;
  readonly rangeBounds: Readonly<Record<number, readonly string[]>>;
  readonly maxHashBuildBytes: number;
  readonly avoidHashJoin: boolean;
  readonly conf: Readonly<Record<string, string>>;
  readonly nowMicros: number;
}

export interface PartitionRead {
  readonly start: number;
  readonly end: number;
  readonly mapStart: number;
  readonly mapEnd: number | null;
}
