// Brings a cache entry into native/addon: a copy under a temporary name, then a
// rename, so that a running engine keeps its old file. Not a hard link: whoever
// copies another build over it would write into the cache.
import { constants, copyFileSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addonFolder, binaryName } from './paths.ts';

/** The stamp names the file that was installed, so that one put there by hand is noticed. */
function stampOf(folder: string, hash: string): string {
  const { size, mtimeMs } = statSync(join(folder, binaryName));
  return `${hash} ${size} ${mtimeMs}`;
}

// dist/ is ignored by git: what was generated for the installed binary, to compare with what is committed.
const stampFile = (folder: string) => join(folder, 'dist', 'stamp');

export function isInstalled(hash: string, folder = addonFolder): boolean {
  try {
    return readFileSync(stampFile(folder), 'utf8') === stampOf(folder, hash);
  } catch {
    return false;
  }
}

export function installAddon(entry: string, hash: string, folder = addonFolder): void {
  const target = join(folder, binaryName);
  const temporary = `${target}.${process.pid}`;
  copyFileSync(join(entry, binaryName), temporary, constants.COPYFILE_FICLONE);
  mkdirSync(join(folder, 'dist'), { recursive: true });
  renameSync(temporary, target);
  for (const file of ['index.d.ts', 'exports.json']) copyFileSync(join(entry, file), join(folder, 'dist', file));
  writeFileSync(stampFile(folder), stampOf(folder, hash));
}
