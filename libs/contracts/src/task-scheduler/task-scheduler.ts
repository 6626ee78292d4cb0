import type { ExecutorId, JobId, StageId, TaskId } from '@kiln/base';
import type { TaskFailure } from '../executor/boundary.ts';
import type { Locality } from '../listener/events.ts';
import { token } from '../plugin/token.ts';

/** The tasks of one stage attempt. */
export interface TaskSet {
  readonly jobId: JobId;
  readonly stageId: StageId;
  readonly stageAttempt: number;
  /** Partitions to run, with the executors and hosts they would like, best first. */
  readonly tasks: readonly TaskRequest[];
  /** FAIR pool (`spark.scheduler.pool`); `default` otherwise. */
  readonly pool: string;
  /** Higher runs first within one policy's rules; default 0. Third-party policies may use it. */
  readonly priority: number;
}

export interface TaskRequest {
  readonly partition: number;
  readonly preferredExecutors: readonly ExecutorId[];
  readonly preferredHosts: readonly string[];
  /** Of the preferred hosts; none when racks are not known. */
  readonly preferredRacks?: readonly string[];
}

/**
 * Gives tasks to executors: slots, locality, retries, speculation, exclusion.
 *
 * Pure: `step` takes an event and the time (ms), changes private state only, and returns what is to be done. No clock, I/O or randomness.
 * Plane: control. Process: driver, control thread. Stepped two or three times per task.
 */
export interface TaskScheduler {
  step(event: TaskSchedulerEvent, now: number): readonly TaskSchedulerAction[];
}
export const TaskScheduler = token<TaskScheduler>('taskScheduler.scheduler');

export type TaskSchedulerEvent =
  | { readonly type: 'task-set-submitted'; readonly taskSet: TaskSet }
  | {
      readonly type: 'executor-added';
      readonly executorId: ExecutorId;
      readonly host: string;
      /** `null`: racks are not known. */
      readonly rack: string | null;
      /** Its cores; a task takes `spark.task.cpus` of them. */
      readonly slots: number;
    }
  /** It gets no new tasks; what runs there may finish until `endsAt` (ms; `null`: it has all the time it needs). */
  | { readonly type: 'executor-decommissioned'; readonly executorId: ExecutorId; readonly endsAt: number | null }
  | {
      readonly type: 'executor-removed';
      readonly executorId: ExecutorId;
      readonly reason: string;
      readonly causedByApp: boolean;
    }
  | { readonly type: 'task-succeeded'; readonly taskId: TaskId }
  | { readonly type: 'task-failed'; readonly taskId: TaskId; readonly failure: TaskFailure }
  | { readonly type: 'task-killed'; readonly taskId: TaskId; readonly reason: string }
  | {
      readonly type: 'stage-cancelled';
      readonly stageId: StageId;
      readonly stageAttempt: number;
      readonly reason: string;
    }
  /** A wake-up that was asked for. */
  | { readonly type: 'tick' };

export type TaskSchedulerAction =
  | { readonly type: 'launch'; readonly launch: TaskLaunch }
  | { readonly type: 'kill'; readonly taskId: TaskId; readonly executorId: ExecutorId; readonly reason: string }
  /** The partition is done by this attempt; later ones of it are killed or ignored. */
  | {
      readonly type: 'partition-done';
      readonly jobId: JobId;
      readonly stageId: StageId;
      readonly stageAttempt: number;
      readonly partition: number;
      readonly taskId: TaskId;
      readonly executorId: ExecutorId;
    }
  /** A partition failed `spark.task.maxFailures` times, or cannot be run: the FIRST failure leads, the last is kept beside it. */
  | {
      readonly type: 'task-set-failed';
      readonly stageId: StageId;
      readonly stageAttempt: number;
      readonly partition: number;
      readonly first: TaskFailure;
      readonly last: TaskFailure;
      readonly failures: number;
    }
  /** A lost block: for the DAG scheduler; the task set is over (a zombie) and its other tasks may still finish. */
  | {
      readonly type: 'fetch-failed';
      readonly stageId: StageId;
      readonly stageAttempt: number;
      readonly partition: number;
      readonly failure: TaskFailure;
    }
  /**
   * Failures exclude an executor, or (`executorId` null) all of a host: from a stage attempt, or (`stageId` null) from all tasks until
   * `until` (ms).
   */
  | {
      readonly type: 'excluded';
      readonly executorId: ExecutorId | null;
      readonly host: string;
      readonly stageId: StageId | null;
      readonly stageAttempt: number | null;
      readonly until: number | null;
    }
  /** A task of this set can run on no executor there is: another one is needed, in place of an idle excluded one if there is any. */
  | {
      readonly type: 'executor-wanted';
      readonly stageId: StageId;
      readonly stageAttempt: number;
      readonly replaces: ExecutorId | null;
    }
  /** Nothing of this task set runs any more (also the answer to `stage-cancelled` for one that is not known). */
  | { readonly type: 'task-set-ended'; readonly stageId: StageId; readonly stageAttempt: number }
  /** Step again with `tick` at this time (ms). One timer is enough: the earliest wins, and a tick asks again for what is left. */
  | { readonly type: 'wake'; readonly at: number };

export interface TaskLaunch {
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

/** What a policy sees of a task set; read-only. */
export interface TaskSetView {
  readonly jobId: JobId;
  readonly stageId: StageId;
  readonly stageAttempt: number;
  readonly pool: string;
  readonly priority: number;
  readonly pending: number;
  readonly running: number;
  /** Tasks of all sets of its pool that run. */
  readonly poolRunning: number;
  /** Milliseconds since the epoch. */
  readonly submittedAt: number;
}

/**
 * Which task set is offered free slots first. Synchronous, over a read-only view, no I/O.
 *
 * Plane: control. Process: driver, control thread. Called once per scheduling round with more than one set that has pending tasks.
 */
export interface SchedulingPolicy {
  readonly name: string;
  /** `true`: `pending` and `running` do not matter, so it is asked only when the sets are others than before. */
  readonly stable?: boolean;
  /** All of `sets`, first to be served first. The default goes by `spark.scheduler.mode`. */
  order(sets: readonly TaskSetView[]): readonly TaskSetView[];
}
/** A pool of the FAIR mode, as the allocation file has it. */
export interface PoolSpec {
  readonly name: string;
  /** Order of the task sets inside the pool. */
  readonly schedulingMode: 'FIFO' | 'FAIR';
  /** Share of the slots beside other pools; default 1. */
  readonly weight: number;
  /** Slots that it gets before others get more; default 0. */
  readonly minShare: number;
}
/** What `spark.scheduler.allocation.file` says; pools that it does not name have the defaults (FIFO, 1, 0). */
export const PoolSpecs = token<readonly PoolSpec[]>('taskScheduler.pools');
export const SchedulingPolicy = token<SchedulingPolicy>('taskScheduler.schedulingPolicy');

/**
 * Which running tasks get a second copy (`spark.speculation`).
 *
 * Called at most every `spark.speculation.interval`.
 */
export interface SpeculationPolicy {
  /** Milliseconds between looks; `null`: never. */
  readonly intervalMillis: number | null;
  speculatable(set: SpeculationView, now: number): readonly TaskId[];
}
export const SpeculationPolicy = token<SpeculationPolicy>('taskScheduler.speculationPolicy');

export interface SpeculationView {
  readonly total: number;
  /** Of the executor with the fewest slots. */
  readonly slotsPerExecutor: number;
  /** Durations of finished tasks, ms. */
  readonly finishedMillis: readonly number[];
  readonly running: readonly {
    readonly taskId: TaskId;
    readonly startedAt: number;
    readonly copies: number;
    /** Its executor leaves at this time (ms); `null`: it stays. */
    readonly endsAt: number | null;
  }[];
}
