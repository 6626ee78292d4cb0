import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { KilnError } from '@kiln/base';
import type { WrittenFile } from '@kiln/contracts/executor';
import { injectable } from '@kiln/contracts/plugin';
import type { OutputCommitter, WriteJob, WriteTaskAttempt } from '@kiln/contracts/storage';

const temporary = '_temporary';
const marker = '_SUCCESS';

/**
 * Attempts write under `_temporary/<job>/attempts`, move to `_temporary/<job>/committed` when they win, and into place when the
 * whole job is done (Hadoop's FileOutputCommitter, algorithm 1). `overwrite` removes the old files last, so a failed job leaves them.
 */
@injectable()
export class FileOutputCommitter implements OutputCommitter {
  readonly #runs = new Map<number, string>();

  async setupJob(job: WriteJob): Promise<boolean> {
    const present = await visibleEntries(job.path);
    if (present.length > 0 && job.mode === 'ignore') return false;
    if (present.length > 0 && job.mode === 'error') {
      throw new KilnError('KILN_OUTPUT_EXISTS', `The output path '${job.path}' is not empty`, {
        hint: "Choose another path, or set mode to 'overwrite' or 'append'",
        concerns: { path: job.path },
      });
    }
    this.#runs.set(job.jobId, randomUUID());
    await mkdir(this.#committed(job), { recursive: true });
    return true;
  }

  taskDirectory(job: WriteJob, task: WriteTaskAttempt): string {
    return join(this.#root(job), 'attempts', String(task.taskId));
  }

  async commitTask(job: WriteJob, task: WriteTaskAttempt, files: readonly WrittenFile[]): Promise<void> {
    for (const file of files)
      await rename(file.path, join(this.#committed(job), this.#finalName(job, basename(file.path))));
    await this.abortTask(job, task);
  }

  async abortTask(job: WriteJob, task: WriteTaskAttempt): Promise<void> {
    await rm(this.taskDirectory(job, task), { recursive: true, force: true });
  }

  async commitJob(job: WriteJob): Promise<void> {
    const old = job.mode === 'overwrite' ? await visibleEntries(job.path) : [];
    const files = await readdir(this.#committed(job));
    for (const name of old) await rm(join(job.path, name), { recursive: true, force: true });
    for (const name of files) await rename(join(this.#committed(job), name), join(job.path, name));
    await writeFile(join(job.path, marker), '');
    await this.#cleanUp(job);
  }

  async abortJob(job: WriteJob): Promise<void> {
    await this.#cleanUp(job);
  }

  async #cleanUp(job: WriteJob): Promise<void> {
    await rm(this.#root(job), { recursive: true, force: true });
    const left = await readdir(join(job.path, temporary)).catch(() => undefined);
    if (left?.length === 0) await rm(join(job.path, temporary), { recursive: true, force: true });
    this.#runs.delete(job.jobId);
  }

  /** Unique over jobs, so that `append` never overwrites: `part-00000-<uuid>.snappy.parquet`. */
  #finalName(job: WriteJob, name: string): string {
    const [stem = name, ...extensions] = name.split('.');
    return [`${stem}-${this.#run(job)}`, ...extensions].join('.');
  }

  #root(job: WriteJob): string {
    return join(job.path, temporary, this.#run(job));
  }

  #committed(job: WriteJob): string {
    return join(this.#root(job), 'committed');
  }

  #run(job: WriteJob): string {
    const run = this.#runs.get(job.jobId);
    if (run === undefined) throw new KilnError('KILN_INTERNAL', `Write job ${job.jobId} was not set up`);
    return run;
  }
}

async function visibleEntries(path: string): Promise<string[]> {
  try {
    return (await readdir(path)).filter((name) => name !== temporary);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new KilnError('KILN_OUTPUT_PATH', `The output path '${path}' cannot be used`, { cause, concerns: { path } });
  }
}
