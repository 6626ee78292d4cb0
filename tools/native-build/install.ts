// Brings a cache entry into native/addon. The binary is linked, not copied,
// and always under a temporary name first: a running engine keeps its old file.
import {
  accessSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { addonFolder, binaryName } from './paths.ts';

/** dist/ is ignored by git: what was generated for the installed binary, to compare with what is committed. */
const generated = join(addonFolder, 'dist');
const stamp = join(generated, 'hash');

export function installedHash(): string | undefined {
  try {
    accessSync(join(addonFolder, binaryName));
    return readFileSync(stamp, 'utf8');
  } catch {
    return undefined;
  }
}

export function installAddon(entry: string, hash: string): void {
  const target = join(addonFolder, binaryName);
  const temporary = `${target}.${process.pid}`;
  rmSync(temporary, { force: true });
  try {
    linkSync(join(entry, binaryName), temporary);
  } catch {
    copyFileSync(join(entry, binaryName), temporary);
  }
  mkdirSync(generated, { recursive: true });
  renameSync(temporary, target);
  for (const file of ['index.d.ts', 'exports.json']) copyFileSync(join(entry, file), join(generated, file));
  writeFileSync(stamp, hash);
}
