import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isMissing, makePrivateFolder, writeAtomically } from '../system/files.ts';
import { isAlive, type ProcessIdentity, processIdentity } from '../system/process-identity.ts';

/** Who reigns in a term. */
interface Owner extends ProcessIdentity {
  readonly host: string;
  readonly url: string;
}

/**
 * The terms of the masters that share a recovery directory: one folder each, numbered from 1. To make the next folder is to be the next
 * master, and only one can make it, on network file systems too. All that a master keeps is in its own folder: one that was paused and
 * does not know that it was replaced damages nothing.
 */
export class Terms {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = join(directory, 'terms');
  }

  async last(): Promise<number> {
    return (await this.#all()).at(-1) ?? 0;
  }

  /** Whether the term has become this process's. */
  async claim(term: number, url: string): Promise<boolean> {
    await makePrivateFolder(this.#directory);
    try {
      await mkdir(this.folder(term), { mode: 0o700 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
    const own = processIdentity(process.pid) ?? { pid: process.pid, started: '' };
    await writeAtomically(join(this.folder(term), 'owner.json'), JSON.stringify({ ...own, host: hostname(), url }));
    return true;
  }

  /** Says that the owner lives: `sign` is another one each time. */
  async renew(term: number, sign: string): Promise<void> {
    await writeAtomically(join(this.folder(term), 'alive'), sign);
  }

  /** The last sign of life; `undefined`: none yet. */
  async sign(term: number): Promise<string | undefined> {
    return readIfThere(join(this.folder(term), 'alive'));
  }

  /** The owner gave it up, or is a process of this machine that has ended: nobody has to wait for it. */
  async isOver(term: number): Promise<boolean> {
    if ((await readIfThere(join(this.folder(term), 'over'))) !== undefined) return true;
    const owner = await this.owner(term);
    return owner !== undefined && owner.host === hostname() && owner.started !== '' && !isAlive(owner);
  }

  async owner(term: number): Promise<Owner | undefined> {
    try {
      return JSON.parse((await readIfThere(join(this.folder(term), 'owner.json'))) ?? '') as Owner;
    } catch {
      return undefined;
    }
  }

  async giveUp(term: number): Promise<void> {
    await writeAtomically(join(this.folder(term), 'over'), '');
  }

  /** Older ones than `term`, newest first. */
  async before(term: number): Promise<readonly number[]> {
    return (await this.#all()).filter((other) => other < term).reverse();
  }

  async remove(term: number): Promise<void> {
    await rm(this.folder(term), { recursive: true, force: true });
  }

  folder(term: number): string {
    return join(this.#directory, String(term).padStart(8, '0'));
  }

  async #all(): Promise<number[]> {
    try {
      const names = await readdir(this.#directory);
      return names
        .filter((name) => /^\d{8,}$/.test(name))
        .map(Number)
        .sort((a, b) => a - b);
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
