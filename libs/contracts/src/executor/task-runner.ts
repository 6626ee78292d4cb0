import type { TaskOutcome, TaskSpec } from './boundary.ts';

/** One task attempt as the driver sends it: which runner, what to run. */
export interface TaskDescription {
  readonly spec: TaskSpec;
  /** `plan` (native program) or a third party's kind. */
  readonly runner: string;
}

/** What a task left: the outcome, and the bytes of a result (Arrow IPC stream) beside it. */
export interface TaskResult {
  readonly outcome: TaskOutcome;
  readonly data: Uint8Array | null;
}

/**
 * Runs tasks of one kind. Contributed through `taskRunnersExtensionPoint`; ours is `plan`. A runner that
 * contributes an existing kind replaces it.
 *
 * Plane: data (it starts native work; no rows pass). Process: executor. Crossed once per task.
 */
export interface TaskRunner {
  readonly kind: string;
  /** Never rejects: a failure is an outcome. */
  run(task: TaskDescription, context: TaskContext): Promise<TaskResult>;
  /** Best effort; the outcome of `run` says `killed`. */
  cancel(taskId: number, reason: string): void;
}

/** What a runner may ask of its executor while a task starts. */
export interface TaskContext {
  readonly executorId: string;
  /** The bytes of the program, fetched once per executor. */
  program(hash: string): Promise<Uint8Array>;
}
