import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const mebibytes = 64;

/** A file system in memory that only root may mount. */
export class SmallDisk {
  readonly folder: string;
  #filler: number | undefined;
  #isReadOnly = false;

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', folder]);
  }

  /** Not a byte is left; the file that takes them has no name. */
  fill(): void {
    const path = join(this.folder, 'filler');
    const handle = openSync(path, 'w');
    this.#filler = handle;
    rmSync(path);
    // Smaller and smaller pieces, to the last page.
    for (const bytes of [1 << 20, 1 << 12, 1]) writeUntilFull(handle, Buffer.alloc(bytes));
  }

  /** What is on it cannot be removed then. */
  get isReadOnly(): boolean {
    return this.#isReadOnly;
  }

  /** Also for who has files open there. */
  makeReadOnly(): void {
    this.#isReadOnly = true;
    // Bound to itself first: the file system stays writable where it is open for writing, the folder does not.
    execFileSync('mount', ['--bind', this.folder, this.folder]);
    execFileSync('mount', ['-o', 'remount,bind,ro', this.folder]);
  }

  unmount(): void {
    if (this.#filler !== undefined) closeSync(this.#filler);
    // All that were mounted one over another.
    for (;;) {
      try {
        execFileSync('umount', ['-l', this.folder], { stdio: 'ignore' });
      } catch {
        return;
      }
    }
  }
}

function writeUntilFull(handle: number, bytes: Buffer): void {
  try {
    for (;;) writeSync(handle, bytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}
