import type { Relation, StructField } from '../plan/index.ts';
import { token } from '../plugin/token.ts';
import type { StageDecisions, StagedPlan } from './boundary.ts';

/**
 * Turns an unresolved plan into stages, and a stage into a program.
 *
 * Plane: control (its work is native). Process: driver, control thread. Called by the driver:
 * `plan` once per action on a DataFrame, `refine` once per stage attempt, never per task.
 */
export interface Planner {
  /** Types and names of the result without running anything. Errors: Spark's analysis error classes, with positions. */
  schema(query: Query): Promise<readonly StructField[]>;
  plan(query: Query): Promise<PlannedQuery>;
  /** Stateless: the same stage and decisions give the same bytes. */
  refine(stage: Uint8Array, decisions: StageDecisions): StageProgram;
  /** Bounds of `partitions` ranges of about equal rows from the sampled keys of sorted runs (hex of row-encoded keys). */
  chooseRangeBounds(
    keys: readonly { readonly keys: readonly string[]; readonly rows: number }[],
    partitions: number,
  ): readonly string[];
}
export const Planner = token<Planner>('planner.planner');

export interface Query {
  readonly plan: Relation;
  /** Temp views by lower-cased name. */
  readonly views: Readonly<Record<string, Relation>>;
  /** All settings of the session that were set, as text. */
  readonly conf: Readonly<Record<string, string>>;
  readonly action: 'collect' | 'write';
  /** Slots of all executors, or `spark.default.parallelism`. */
  readonly defaultParallelism: number;
}

export interface PlannedQuery {
  readonly plan: StagedPlan;
  /** One opaque stage plan per stage, for {@link Planner.refine}. */
  readonly stages: readonly Uint8Array[];
  readonly nowMicros: number;
  /** Kind of the task runner that runs its programs; ours is `plan`. */
  readonly runner: string;
}

export interface StageProgram {
  readonly bytes: Uint8Array;
  /** Content hash; an executor fetches a program it lacks once. */
  readonly hash: string;
  /** Tasks of the stage as it was decided: as planned, or fewer where a stage without a union reads partitions together. */
  readonly numTasks: number;
}

/**
 * Rewrites the resolved tree. Contributed by plugins (`optimizerRulesExtensionPoint`), applied in order of `requires`.
 *
 * Plane: control. Process: driver, control thread. Called once per `plan`. With no rules the tree never crosses into JS.
 * Before: every column has an id and a type. After: the same output columns (ids, types), or an error is raised.
 */
export interface OptimizerRule {
  readonly name: string;
  /** `undefined`: nothing to change. */
  apply(resolved: Relation): Relation | undefined;
}
