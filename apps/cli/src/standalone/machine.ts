import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';

/** What the system and everything else on the machine keeps, as in Spark. */
const reservedBytes = 2 ** 30;

export const machineCores = availableParallelism;

/** Memory that a worker may give away when nobody says how much: that of the machine or its cgroup less 1 GiB, at least half of it. */
export function workerMemoryBytes(): number {
  const files = ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes'];
  const all = Math.min(totalmem(), ...files.map(limitIn));
  return Math.floor(Math.max(all - reservedBytes, all / 2));
}

function limitIn(file: string): number {
  try {
    const value = Number(readFileSync(file, 'utf8').trim());
    return Number.isFinite(value) && value > 0 ? value : Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
