import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/**
 * Bytes of memory that the processes of each group hold and nobody else could use: anonymous and shared memory, without pages of
 * files, which the system takes back when it needs them. Elsewhere than on Linux: all resident memory.
 */
export function memoryOfGroups(groups: ReadonlySet<number>): ReadonlyMap<number, number> {
  if (groups.size === 0) return new Map();
  return process.platform === 'linux' ? fromProc(groups) : fromPs(groups);
}

function fromProc(groups: ReadonlySet<number>): Map<number, number> {
  const used = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const group = groupOf(readFileSync(`/proc/${name}/stat`, 'latin1'));
      if (!groups.has(group)) continue;
      const bytes = heldBytes(readFileSync(`/proc/${name}/status`, 'latin1'));
      used.set(group, (used.get(group) ?? 0) + bytes);
    } catch {
      // It ended meanwhile.
    }
  }
  return used;
}

/** Third field after the name, which is in parentheses and may hold anything. */
const groupOf = (stat: string): number => Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);

function heldBytes(status: string): number {
  const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0);
  return (kib('RssAnon') + kib('RssShmem')) * 1024;
}

function fromPs(groups: ReadonlySet<number>): Map<number, number> {
  const used = new Map<number, number>();
  for (const line of execFileSync('ps', ['-axo', 'pgid=,rss='], { encoding: 'utf8' }).split('\n')) {
    const [group = 0, kib = 0] = line.trim().split(/\s+/).map(Number);
    if (groups.has(group)) used.set(group, (used.get(group) ?? 0) + kib * 1024);
  }
  return used;
}
