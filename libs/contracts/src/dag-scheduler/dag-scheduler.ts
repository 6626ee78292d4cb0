import type { ErrorData, ExecutorId, JobId, ShuffleId, StageId } from '@kiln/base';
import type { TaskFailure } from '../executor/boundary.ts';
import { token } from '../plugin/token.ts';
import type { LostOutputs } from '../shuffle/shuffle-manager.ts';
import type { TaskRequest, TaskSet } from '../task-scheduler/task-scheduler.ts';

/**
 * Turns jobs into stages and task sets: a stage runs when its parents' outputs exist, lost outputs are made again.
 *
 * Pure: `step` takes an event and the time (ms), changes private state only, and returns what is to be done. No clock, I/O or randomness.
 * Plane: control. Process: driver, control thread. Stepped once per task and a few times per stage.
 */
export interface DagScheduler {
  step(event: DagEvent, now: number): readonly DagAction[];
}
export const DagScheduler = token<DagScheduler>('dagScheduler.scheduler');

export interface JobSpec {
  readonly jobId: JobId;
  readonly description: string;
  /** In dependency order; the last is the job's result. */
  readonly stages: readonly StageSpec[];
  readonly pool: string;
}

/**
 * A stage of a job. Two jobs that name the same `stageId` share a map stage: while it runs both wait for it, when its outputs exist it is
 * skipped. Stages of other kinds run once for each job that names them, one after the other.
 */
export interface StageSpec {
  readonly stageId: StageId;
  readonly name: string;
  readonly kind: 'shuffle-map' | 'result' | 'scalar-subquery' | 'write';
  /** Stages whose output must exist first; shuffle inputs and scalar subqueries alike. */
  readonly parents: readonly StageId[];
  /** For `shuffle-map`. */
  readonly shuffleId: ShuffleId | null;
  readonly determinism: 'determinate' | 'unordered' | 'indeterminate';
}

export type DagEvent =
  | { readonly type: 'job-submitted'; readonly job: JobSpec }
  /** Answer to `prepare-stage`: the program is made, these are all its partitions (in a retry: of the first attempt, unchanged for map stages). */
  | {
      readonly type: 'stage-prepared';
      readonly stageId: StageId;
      readonly attempt: number;
      readonly tasks: readonly TaskRequest[];
    }
  /** The program could not be made; or, later in the attempt, what its tasks left cannot be used (results too large, a commit failed). */
  | {
      readonly type: 'stage-preparation-failed';
      readonly stageId: StageId;
      readonly attempt: number;
      readonly error: ErrorData;
    }
  /** A partition's first success, already registered with the tracker if it is a map output. */
  | {
      readonly type: 'partition-done';
      readonly stageId: StageId;
      readonly stageAttempt: number;
      readonly partition: number;
      readonly executorId: ExecutorId;
      /** A map output that was lost and is made again, with another checksum than before. */
      readonly otherRows: boolean;
    }
  | {
      readonly type: 'task-set-failed';
      readonly stageId: StageId;
      readonly stageAttempt: number;
      readonly partition: number;
      readonly first: TaskFailure;
      readonly last: TaskFailure;
      readonly failures: number;
    }
  | {
      readonly type: 'fetch-failed';
      readonly stageId: StageId;
      readonly stageAttempt: number;
      readonly partition: number;
      readonly failure: TaskFailure;
    }
  /** To be told before the task scheduler hears of it: what that launches anew must not be sent to lost outputs. */
  | { readonly type: 'executor-lost'; readonly executorId: ExecutorId }
  /** With all that is stored there, also what a shuffle service serves. To be told as early. */
  | { readonly type: 'host-lost'; readonly host: string }
  /** Blocks that cannot be fetched from it are no sign of trouble from now on. */
  | { readonly type: 'executor-decommissioned'; readonly executorId: ExecutorId }
  | { readonly type: 'job-cancelled'; readonly jobId: JobId; readonly reason: string }
  /** No DataFrame or job refers to this shuffle any more. */
  | { readonly type: 'shuffle-released'; readonly shuffleId: ShuffleId }
  | { readonly type: 'tick' };

export type DagAction =
  /** Make decisions and the program, then answer with `stage-prepared`. */
  | { readonly type: 'prepare-stage'; readonly jobId: JobId; readonly stageId: StageId; readonly attempt: number }
  | { readonly type: 'submit-task-set'; readonly taskSet: TaskSet }
  | { readonly type: 'cancel-stage'; readonly stageId: StageId; readonly stageAttempt: number; readonly reason: string }
  | {
      readonly type: 'stage-completed';
      readonly jobId: JobId;
      readonly stageId: StageId;
      readonly attempt: number;
      readonly outcome: 'succeeded' | 'failed' | 'cancelled';
      readonly reason: string | null;
    }
  | { readonly type: 'stage-skipped'; readonly jobId: JobId; readonly stageId: StageId }
  /** For {@link MapOutputTracker.unregister}: these outputs are gone. It must be done before the next step, which asks the tracker. */
  | ({ readonly type: 'unregister-outputs' } & LostOutputs)
  | { readonly type: 'drop-shuffle'; readonly shuffleId: ShuffleId }
  | { readonly type: 'job-succeeded'; readonly jobId: JobId }
  | { readonly type: 'job-failed'; readonly jobId: JobId; readonly error: ErrorData; readonly cancelled: boolean }
  /** Step with `tick` at this time. One timer is enough: the earliest wins, and a tick asks again for what is left. */
  | { readonly type: 'wake'; readonly at: number };
