import type { ErrorData, ExecutorId, JobId, StageId, TaskId } from '@kiln/base';
import type { TaskMetrics } from '../executor/boundary.ts';

/** Everything an engine tells: progress bar, event log and UI hang on these. Times are milliseconds since the epoch. */
export type EngineEvent =
  | {
      readonly type: 'engine-started';
      readonly time: number;
      readonly appId: string;
      readonly name: string;
      readonly master: string;
    }
  | { readonly type: 'engine-stopped'; readonly time: number }
  | {
      readonly type: 'executor-added';
      readonly time: number;
      readonly executorId: ExecutorId;
      readonly host: string;
      readonly slots: number;
    }
  | {
      readonly type: 'executor-removed';
      readonly time: number;
      readonly executorId: ExecutorId;
      readonly reason: string;
    }
  /** It gets no more tasks and leaves when what it runs is done. */
  | {
      readonly type: 'executor-decommissioned';
      readonly time: number;
      readonly executorId: ExecutorId;
      readonly reason: string;
    }
  /** Failures exclude an executor, or (`executorId` null) all of a host, from a stage, or (`stageId` null) from all until `until`. */
  | {
      readonly type: 'executor-excluded';
      readonly time: number;
      readonly executorId: ExecutorId | null;
      readonly host: string;
      readonly stageId: StageId | null;
      readonly until: number | null;
    }
  | {
      readonly type: 'job-started';
      readonly time: number;
      readonly jobId: JobId;
      readonly description: string;
      readonly stages: readonly StageInfo[];
    }
  | {
      readonly type: 'job-ended';
      readonly time: number;
      readonly jobId: JobId;
      readonly outcome: 'succeeded' | 'failed' | 'cancelled';
      readonly error: ErrorData | null;
    }
  | {
      readonly type: 'stage-submitted';
      readonly time: number;
      readonly stage: StageInfo;
      readonly attempt: number;
      readonly tasks: number;
      readonly decisions: readonly string[];
    }
  | {
      readonly type: 'stage-completed';
      readonly time: number;
      readonly stage: StageInfo;
      readonly attempt: number;
      readonly outcome: 'succeeded' | 'failed' | 'cancelled';
      readonly reason: string | null;
    }
  | { readonly type: 'stage-skipped'; readonly time: number; readonly stage: StageInfo }
  | { readonly type: 'task-started'; readonly time: number; readonly task: TaskInfo }
  | {
      readonly type: 'task-ended';
      readonly time: number;
      readonly task: TaskInfo;
      readonly outcome: 'succeeded' | 'failed' | 'killed';
      readonly error: ErrorData | null;
      readonly metrics: TaskMetrics;
    }
  | {
      readonly type: 'block-updated';
      readonly time: number;
      readonly executorId: ExecutorId;
      readonly block: string;
      readonly bytes: number;
      readonly stored: 'memory' | 'disk' | 'removed';
    };

export interface StageInfo {
  readonly stageId: StageId;
  readonly jobId: JobId;
  /** For people: the operators in one line. */
  readonly name: string;
  readonly parents: readonly StageId[];
  readonly kind: 'shuffle-map' | 'result' | 'scalar-subquery' | 'write';
}

export interface TaskInfo {
  readonly taskId: TaskId;
  readonly jobId: JobId;
  readonly stageId: StageId;
  readonly stageAttempt: number;
  readonly partition: number;
  readonly attempt: number;
  readonly executorId: ExecutorId;
  readonly locality: Locality;
  readonly speculative: boolean;
}

/** Spark's levels, best first. */
export type Locality = 'process-local' | 'node-local' | 'no-pref' | 'rack-local' | 'any';
