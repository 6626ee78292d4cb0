import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { KilnError } from '@kiln/base';
import type { WrittenFile } from '@kiln/contracts/executor';
import { injectable } from '@kiln/contracts/plugin';
import type { OutputCommitter, WriteJob, WriteTaskAttempt } from '@kiln/contracts/storage';

const temporary = '_temporary';
const marker = '_SUCCESS';

interface Run {
  readonly id: string;
  /** The output folder was not there before. */
  readonly madeFolder: boolean;
}

/**
 * Attempts write under `_temporary/<run>/attempts`, move to `_temporary/<run>/committed` when they win, and into place when the
 * whole job is done (Hadoop's FileOutputCommitter, algorithm 1). `overwrite` moves the old files aside only then, and back when
 * the new ones cannot take their place.
 */
@injectable()
export class FileOutputCommitter implements OutputCommitter {
  readonly #runs = new Map<number, Run>();

  async setupJob(job: WriteJob): Promise<boolean> {
    const present = await visibleEntries(job.path);
    if (present.length > 0 && job.mode === 'ignore') return false;
    if (present.length > 0 && job.mode === 'error') {
      throw new KilnError('KILN_OUTPUT_EXISTS', `The output path '${job.path}' is not empty`, {
        hint: "Choose another path, or set mode to 'overwrite' or 'append'",
        concerns: { path: job.path },
      });
    }
    this.#runs.set(job.jobId, { id: randomUUID(), madeFolder: !(await exists(job.path)) });
    try {
      await mkdir(this.#committed(job), { recursive: true });
    } catch (cause) {
      this.#runs.delete(job.jobId);
      throw pathError(job.path, cause);
    }
    return true;
  }

  taskDirectory(job: WriteJob, task: WriteTaskAttempt): string {
    return join(this.#root(job), 'attempts', String(task.taskId));
  }

  async commitTask(job: WriteJob, task: WriteTaskAttempt, files: readonly WrittenFile[]): Promise<void> {
    const directory = this.taskDirectory(job, task);
    for (const file of files) await move(file.path, join(this.#committed(job), relative(directory, file.path)));
    await this.abortTask(job, task);
  }

  async abortTask(job: WriteJob, task: WriteTaskAttempt): Promise<void> {
    if (this.#runs.has(job.jobId)) await rm(this.taskDirectory(job, task), { recursive: true, force: true });
  }

  async commitJob(job: WriteJob): Promise<void> {
    const committed = this.#committed(job);
    const replaced = join(this.#root(job), 'replaced');
    const undo: (() => Promise<void>)[] = [];
    const place = async (from: string, to: string) => {
      await move(from, to);
      undo.push(() => move(to, from));
    };
    try {
      const old = job.mode === 'overwrite' ? await visibleEntries(job.path) : [];
      for (const name of old) await place(join(job.path, name), join(replaced, name));
      for (const name of await filesUnder(committed))
        await place(join(committed, name), join(job.path, this.#finalName(job, name)));
      await writeFile(join(job.path, marker), '');
    } catch (cause) {
      for (const back of undo.reverse()) await back();
      throw cause;
    }
    await this.#cleanUp(job);
  }

  async abortJob(job: WriteJob): Promise<void> {
    const run = this.#runs.get(job.jobId);
    if (run === undefined) return;
    await this.#cleanUp(job);
    // Not when another job has written there meanwhile.
    if (run.madeFolder) await rmdir(job.path).catch(() => {});
  }

  async #cleanUp(job: WriteJob): Promise<void> {
    await rm(this.#root(job), { recursive: true, force: true });
    await rmdir(join(job.path, temporary)).catch(() => {});
    this.#runs.delete(job.jobId);
  }

  /** Unique over jobs, so that `append` never overwrites: `part-00000-<run>.parquet`. */
  #finalName(job: WriteJob, path: string): string {
    const [stem = '', ...extensions] = path.slice(dirname(path) === '.' ? 0 : dirname(path).length + 1).split('.');
    return join(dirname(path), [`${stem}-${this.#run(job)}`, ...extensions].join('.'));
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
    return run.id;
  }
}

async function move(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await rename(from, to);
}

/** Paths from `folder`, at any depth. */
async function filesUnder(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => relative(folder, join(entry.parentPath, entry.name))).sort();
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

async function visibleEntries(path: string): Promise<string[]> {
  try {
    return (await readdir(path)).filter((name) => name !== temporary);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw pathError(path, cause);
  }
}

function pathError(path: string, cause: unknown): KilnError {
  return new KilnError('KILN_OUTPUT_PATH', `The output path '${path}' cannot be used`, { cause, concerns: { path } });
}
