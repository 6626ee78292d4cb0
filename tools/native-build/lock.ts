// A lock file with the owner's pid: two clones that need the same addon build it once.
import { closeSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 500;
/** A lock of another host (a shared home) cannot be asked if its owner lives. */
const FOREIGN_STALE_MS = 3 * 3600 * 1000;

function tryLock(path: string): boolean {
  try {
    const file = openSync(path, 'wx');
    writeSync(file, `${process.pid} ${hostname()}`);
    closeSync(file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function ownerIsGone(path: string): boolean {
  try {
    const age = Date.now() - statSync(path).mtimeMs;
    const [pid, host] = readFileSync(path, 'utf8').split(' ');
    if (host !== hostname()) return age > (host ? FOREIGN_STALE_MS : 5000);
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    // ESRCH: no such process. ENOENT: the lock was just given back. EPERM: it lives, as another user.
    return (error as NodeJS.ErrnoException).code !== 'EPERM';
  }
}

export async function withLock<T>(path: string, action: () => Promise<T>): Promise<T> {
  let told = false;
  while (!tryLock(path)) {
    if (ownerIsGone(path)) rmSync(path, { force: true });
    else {
      if (!told) console.log('      another clone is building the same addon: waiting for it');
      told = true;
      await sleep(POLL_MS);
    }
  }
  try {
    return await action();
  } finally {
    rmSync(path, { force: true });
  }
}
