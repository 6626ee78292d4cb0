import type { WrittenFile } from '../executor/boundary.ts';
import { token } from '../plugin/token.ts';

/**
 * Makes the files of a write appear all at once or not at all.
 *
 * Plane: control (files are written natively). Process: driver, control thread; the directory it names must be reachable
 * by executors. Called once per job and once per task attempt.
 */
export interface OutputCommitter {
  /** Errors: KILN_OUTPUT_EXISTS when `mode` is `error` and the path holds something. `false`: mode `ignore` and it exists, nothing is to be done. */
  setupJob(job: WriteJob): Promise<boolean>;
  /** Where this attempt writes; fresh for every attempt. */
  taskDirectory(job: WriteJob, task: WriteTaskAttempt): string;
  /** Called for the first attempt of a partition that succeeded, never for two. */
  commitTask(job: WriteJob, task: WriteTaskAttempt, files: readonly WrittenFile[]): Promise<void>;
  abortTask(job: WriteJob, task: WriteTaskAttempt): Promise<void>;
  commitJob(job: WriteJob): Promise<void>;
  abortJob(job: WriteJob): Promise<void>;
}
export const OutputCommitter = token<OutputCommitter>('storage.outputCommitter');

export interface WriteJob {
  readonly jobId: number;
  /** Absolute. */
  readonly path: string;
  readonly format: string;
  readonly mode: WriteMode;
}

/** Spark's save modes; the default is `error`. */
export type WriteMode = 'append' | 'overwrite' | 'error' | 'ignore';

export interface WriteTaskAttempt {
  readonly partition: number;
  readonly attempt: number;
  readonly taskId: number;
}
