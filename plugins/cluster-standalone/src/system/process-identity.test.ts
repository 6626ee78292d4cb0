import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { isAlive, processIdentity } from './process-identity.ts';

it('knows this process, and not one that has ended', async () => {
  const own = processIdentity(process.pid)!;
  expect(isAlive(own)).toBe(true);
  expect(isAlive({ ...own, started: 'another time' })).toBe(false);
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  const identity = processIdentity(child.pid!)!;
  expect(isAlive(identity)).toBe(true);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(isAlive(identity)).toBe(false);
});
