import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { systemClock } from '@kiln/base';
import { afterEach, expect, it } from 'vitest';
import { MemoryWatch } from './memory-watch.ts';

const MiB = 2 ** 20;
const pids: number[] = [];
afterEach(() => {
  for (const pid of pids.splice(0)) process.kill(-pid, 'SIGKILL');
});

/** A process of a group of its own that holds some memory beside what Node.js needs. */
function hold(mebibytes: number): number {
  const code = `globalThis.held = Buffer.alloc(${mebibytes} * 2 ** 20, 1); console.log('ready'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['-e', code], { detached: true });
  pids.push(child.pid!);
  return child.pid!;
}

it('tells who holds more than it may, once, and nobody else', async () => {
  const watch = new MemoryWatch(systemClock, 20);
  const exceeded: string[] = [];
  const [large, small] = [hold(300), hold(1)];
  watch.watch(large, 200 * MiB, (used) => exceeded.push(`large ${used > 200 * MiB && used < 600 * MiB}`));
  watch.watch(small, 200 * MiB, () => exceeded.push('small'));
  await expect.poll(() => exceeded, { timeout: 15_000 }).toEqual(['large true']);
});

it('adds up a group, and stops when asked to', async () => {
  let reads = 0;
  const watch = new MemoryWatch(systemClock, 1, (groups) => {
    reads += 1;
    return new Map([...groups].map((group) => [group, 10]));
  });
  const told: number[] = [];
  const stop = watch.watch(1, 10, () => told.push(1));
  watch.watch(2, 9, (used) => told.push(used));
  await expect.poll(() => told).toEqual([10]);
  stop();
  await expect.poll(() => reads).toBeGreaterThan(1);
  const parent = spawn(
    process.execPath,
    ['-e', "require('node:child_process').spawn('sleep', ['60']); console.log('ready'); setInterval(() => {}, 1000);"],
    { detached: true },
  );
  pids.push(parent.pid!);
  await once(parent.stdout, 'data');
  const { memoryOfGroups } = await import('./memory-use.ts');
  expect(memoryOfGroups(new Set([parent.pid!])).get(parent.pid!)).toBeGreaterThan(MiB);
  expect(memoryOfGroups(new Set()).size).toBe(0);
});
