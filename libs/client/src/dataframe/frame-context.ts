import type { Relation } from '@kiln/contracts';
import type { EngineHandle, EngineQuery } from '../engine-port.ts';
import type { SparkContext } from '../rdd/spark-context.ts';

/** What a DataFrame needs of its session. */
export interface FrameContext {
  /** Errors: KILN_SESSION_STOPPED. */
  readonly engine: EngineHandle;
  /** Makes RDDs. */
  readonly sparkContext: SparkContext;
  /** Ids are never used twice in an engine. */
  nextFrameId(): number;
  /** The plan with the views and settings of now. `dataFrameId`: only for a DataFrame's own plan, since the engine keeps what it planned under it. */
  query(plan: Relation, dataFrameId: number | null): EngineQuery;
  /** Tells the engine when `frame` is garbage. */
  releaseWhenCollected(frame: object, dataFrameId: number): void;
  /** Registers a temp view. Errors: KILN_VIEW_EXISTS. */
  addView(name: string, plan: Relation, replace: boolean): void;
  dropView(name: string): boolean;
}
