import { readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { WorkerId } from '@kiln/base';
import type { DriverFile } from '@kiln/contracts/cluster-manager';
import { killGroup, removeFilesOf } from '@kiln/launcher';
import { writeAtomically } from '../system/files.ts';
import { isAlive, type ProcessIdentity, processIdentity } from '../system/process-identity.ts';

/** A process that a worker has started, as it is written down beside its output. */
interface ProcessRecord extends ProcessIdentity {
  readonly worker: ProcessIdentity;
  readonly localDirs: readonly string[];
}

interface WorkerRecord extends ProcessIdentity {
  readonly id: WorkerId;
}

/**
 * What a worker has on disk: `<application>/<executor>/` and `<driver>/<attempt>/`, with the files `stdout`, `stderr` and `process.json`, and
 * `workers/` with a file for each worker that uses the directory.
 */
export class WorkDirectory {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /**
   * Ends what dead workers left running, and gives their ids. Several workers may share a directory: what belongs to a living one is left alone.
   */
  async takeOver(id: WorkerId): Promise<readonly WorkerId[]> {
    await mkdir(join(this.path, 'workers'), { recursive: true });
    for (const file of this.#files('process.json')) {
      const record = read<ProcessRecord>(file);
      if (record?.worker === undefined || isAlive(record.worker)) continue;
      if (isAlive(record)) killGroup(record.pid);
      await removeFilesOf(record.pid, record.localDirs ?? []);
      await rm(file, { force: true });
    }
    const dead: WorkerId[] = [];
    for (const name of list(join(this.path, 'workers'))) {
      const file = join(this.path, 'workers', name);
      const record = read<WorkerRecord>(file);
      if (record?.id === undefined || isAlive(record)) continue;
      dead.push(record.id);
      await rm(file, { force: true });
    }
    const own = processIdentity(process.pid);
    if (own !== undefined) await writeAtomically(this.#workerFile(id), JSON.stringify({ id, ...own }));
    return dead;
  }

  /** The worker ends in an orderly way: nothing is left running. */
  async leave(id: WorkerId): Promise<void> {
    await rm(this.#workerFile(id), { force: true });
  }

  folder(owner: string, part: string): string {
    return join(this.path, owner, part);
  }

  async record(folder: string, pid: number, localDirs: readonly string[]): Promise<void> {
    const [identity, worker] = [processIdentity(pid), processIdentity(process.pid)];
    if (identity === undefined || worker === undefined) return;
    await writeAtomically(join(folder, 'process.json'), JSON.stringify({ ...identity, worker, localDirs }));
  }

  async unrecord(folder: string): Promise<void> {
    await rm(join(folder, 'process.json'), { force: true });
  }

  /** Paths were checked when they came. */
  async write(folder: string, files: readonly DriverFile[]): Promise<void> {
    for (const { path, base64 } of files) {
      const file = join(folder, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, Buffer.from(base64, 'base64'));
    }
  }

  /** Removes what nobody uses and nothing has changed in for so long. */
  async clean(maxAgeMillis: number, now: number, isUsed: (owner: string) => boolean): Promise<readonly string[]> {
    const removed: string[] = [];
    for (const owner of list(this.path)) {
      if (owner === 'workers' || isUsed(owner)) continue;
      const folder = join(this.path, owner);
      // Another worker's, that lives.
      if (list(folder).some((part) => read<ProcessRecord>(join(folder, part, 'process.json')) !== undefined)) continue;
      if (now - newest(folder) < maxAgeMillis) continue;
      await rm(folder, { recursive: true, force: true });
      removed.push(owner);
    }
    return removed;
  }

  #workerFile(id: WorkerId): string {
    return join(this.path, 'workers', `${id}.json`);
  }

  #files(name: string): string[] {
    return list(this.path).flatMap((owner) =>
      list(join(this.path, owner)).map((part) => join(this.path, owner, part, name)),
    );
  }
}

/** Milliseconds since the epoch of the last change in a folder and the folders in it. */
function newest(folder: string): number {
  const times = [folder, ...list(folder).flatMap((part) => [join(folder, part), ...inside(join(folder, part))])];
  return Math.max(0, ...times.map(changedAt));
}

const inside = (folder: string) => list(folder).map((name) => join(folder, name));

function changedAt(path: string): number {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read<T>(file: string): (Partial<T> & ProcessIdentity) | undefined {
  try {
    const value = JSON.parse(readFileSync(file, 'utf8')) as (Partial<T> & ProcessIdentity) | null;
    return typeof value?.pid === 'number' && value.pid > 1 && typeof value.started === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
