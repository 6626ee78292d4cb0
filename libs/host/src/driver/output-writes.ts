import { type ErrorData, errorToData, KilnError } from '@kiln/base';
import type { WrittenFile } from '@kiln/contracts/executor';
import type { Logger } from '@kiln/contracts/plugin';
import type { OutputCommitter, WriteJob } from '@kiln/contracts/storage';
import type { Job } from './job.ts';
import type { LiveTask } from './live-tasks.ts';

/** What is to be done with the files of write jobs: all of it through the committer, one call after the other for each job. */
export class OutputWrites {
  readonly #committer: OutputCommitter;
  readonly #logger: Logger;
  /** Calls that are under way, by job. */
  readonly #pending = new Map<number, Set<Promise<unknown>>>();

  constructor(committer: OutputCommitter, logger: Logger) {
    this.#committer = committer;
    this.#logger = logger;
  }

  setUp(write: WriteJob): Promise<boolean> {
    return this.#committer.setupJob(write);
  }

  /** Takes over the files of the attempt that made its partition. */
  commit(job: Job, write: WriteJob, { launch }: LiveTask, files: readonly WrittenFile[]): Promise<void> {
    const committing = Promise.resolve()
      .then(() => this.#committer.commitTask(write, launch, files))
      .then(() => {
        job.written.files += files.length;
        for (const file of files) {
          job.written.rows += file.rows;
          job.written.bytes += file.bytes;
        }
      });
    this.#track(write, committing);
    return committing;
  }

  /** The attempt ended and its files are not wanted. */
  abortTask(write: WriteJob, { launch }: LiveTask): void {
    const aborting = Promise.resolve()
      .then(() => this.#committer.abortTask(write, launch))
      .catch((error) => {
        this.#logger.warn(
          { job: launch.jobId, task: launch.taskId, error },
          'the files of a task could not be removed',
        );
      });
    this.#track(write, aborting);
  }

  /** The whole output is not wanted. */
  async abortJob(write: WriteJob): Promise<void> {
    try {
      await this.#committer.abortJob(write);
    } catch (error) {
      this.#logger.error({ job: write.jobId, path: write.path, error }, 'the output could not be cleaned up');
    }
  }

  /** Commits or aborts a job whose tasks have ended; a failed commit fails the job. The result is what the job ends with. */
  async settle(write: WriteJob, error: ErrorData | null): Promise<ErrorData | null> {
    await Promise.allSettled(this.#pending.get(write.jobId) ?? []);
    if (error !== null) {
      await this.abortJob(write);
      return error;
    }
    try {
      await this.#committer.commitJob(write);
      return null;
    } catch (cause) {
      await this.abortJob(write);
      const options = { cause, concerns: { job: String(write.jobId), path: write.path } };
      return errorToData(
        new KilnError('KILN_OUTPUT_COMMIT', `The output in '${write.path}' could not be committed`, options),
      );
    }
  }

  #track(write: WriteJob, call: Promise<unknown>): void {
    const calls = this.#pending.get(write.jobId) ?? new Set();
    this.#pending.set(write.jobId, calls);
    calls.add(call);
    const over = () => {
      calls.delete(call);
      if (calls.size === 0 && this.#pending.get(write.jobId) === calls) this.#pending.delete(write.jobId);
    };
    call.then(over, over);
  }
}
