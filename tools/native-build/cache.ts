// <cache>/addon/<hash>/: a finished addon with the types generated from it.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { binaryName, cacheFolder } from './paths.ts';

const KEEP = 4;
const LEFT_BEHIND_MS = 6 * 3600 * 1000;

export interface AddonCache {
  readonly folder: string;
  find(hash: string): string | undefined;
  /** Moves a filled folder in; if another process was first, its entry stays. */
  store(hash: string, filled: string): string;
  prune(): void;
}

export function addonCache(folder = join(cacheFolder(), 'addon'), keep = KEEP): AddonCache {
  mkdirSync(folder, { recursive: true });
  const find = (hash: string): string | undefined => {
    const entry = join(folder, hash);
    if (!existsSync(join(entry, binaryName))) return undefined;
    utimesSync(entry, new Date(), new Date());
    return entry;
  };
  return {
    folder,
    find,
    store(hash, filled) {
      const entry = join(folder, hash);
      try {
        renameSync(filled, entry);
      } catch (error) {
        if (!find(hash)) throw error;
      }
      return entry;
    },
    prune() {
      const entries = readdirSync(folder, { withFileTypes: true })
        .filter((item) => item.isDirectory())
        .map((item) => ({ path: join(folder, item.name), scratch: item.name.startsWith('building-') }))
        .map((item) => ({ ...item, used: statSync(item.path).mtimeMs }))
        .sort((a, b) => b.used - a.used);
      // A scratch folder of this age belongs to a build that was killed.
      for (const item of entries)
        if (item.scratch && Date.now() - item.used > LEFT_BEHIND_MS)
          rmSync(item.path, { recursive: true, force: true });
      for (const item of entries.filter((entry) => !entry.scratch).slice(keep))
        rmSync(item.path, { recursive: true, force: true });
    },
  };
}
