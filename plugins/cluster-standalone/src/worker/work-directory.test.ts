import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { workerId } from '@kiln/base';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isAlive, processIdentity } from '../system/process-identity.ts';
import { WorkDirectory } from './work-directory.ts';

let path: string;
let work: WorkDirectory;
const pids: number[] = [];
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'kiln-work-'));
  work = new WorkDirectory(path);
});
afterEach(() => {
  rmSync(path, { recursive: true });
  for (const pid of pids.splice(0)) {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // The test ended it.
    }
  }
});

function sleeper() {
  const child = spawn('sleep', ['600'], { detached: true });
  pids.push(child.pid!);
  return child;
}

it('ends what a dead worker left, with its files, and nothing of a living one', async () => {
  const [orphan, other, stranger] = [sleeper(), sleeper(), sleeper()];
  const local = join(path, 'local');
  mkdirSync(join(local, `kiln-${orphan.pid}-abc`), { recursive: true });
  const dead = { pid: process.pid, started: 'before this process' };
  const own = processIdentity(process.pid)!;
  const record = (folder: string, content: object) => {
    mkdirSync(join(path, folder), { recursive: true });
    writeFileSync(join(path, folder, 'process.json'), JSON.stringify(content));
  };
  const identity = (pid: number) => processIdentity(pid)!;
  record('app/0', { ...identity(orphan.pid!), worker: dead, localDirs: [local] });
  record('app/1', { ...identity(other.pid!), worker: own, localDirs: [] });
  // Its number went to somebody else.
  record('app/2', { pid: stranger.pid, started: 'another time', worker: dead, localDirs: [] });
  record('app/3', { nonsense: true });
  mkdirSync(join(path, 'workers'));
  writeFileSync(join(path, 'workers/old.json'), JSON.stringify({ id: 'old', ...dead }));
  writeFileSync(join(path, 'workers/living.json'), JSON.stringify({ id: 'living', ...own }));
  const ended = once(orphan, 'exit');
  expect(await work.takeOver(workerId('new'))).toEqual(['old']);
  await ended;
  expect(isAlive(identity(other.pid!))).toBe(true);
  expect(isAlive(identity(stranger.pid!))).toBe(true);
  expect(existsSync(join(local, `kiln-${orphan.pid}-abc`))).toBe(false);
  expect([0, 1, 2].map((part) => existsSync(join(path, `app/${part}/process.json`)))).toEqual([false, true, false]);
  expect(existsSync(join(path, 'workers/old.json'))).toBe(false);
  await work.leave(workerId('new'));
  expect(existsSync(join(path, 'workers/new.json'))).toBe(false);
});

it('removes what is old and unused', async () => {
  const day = 86_400_000;
  const make = (owner: string, ageMillis: number) => {
    const folder = work.folder(owner, '0');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'stdout'), '');
    const time = (Date.now() - ageMillis) / 1000;
    for (const file of [join(folder, 'stdout'), folder, join(path, owner)]) utimesSync(file, time, time);
  };
  make('old', 8 * day);
  make('used', 8 * day);
  make('young', 6 * day);
  make('writes', 8 * day);
  writeFileSync(join(work.folder('writes', '0'), 'stdout'), 'still');
  make('elsewhere', 8 * day);
  await work.record(work.folder('elsewhere', '0'), process.pid, []);
  const time = (Date.now() - 8 * day) / 1000;
  utimesSync(work.folder('elsewhere', '0'), time, time);
  expect(await work.clean(7 * day, Date.now(), (owner) => owner === 'used')).toEqual(['old']);
  expect(existsSync(join(path, 'old'))).toBe(false);
});

it('holds the files of a driver', async () => {
  const folder = work.folder('driver', '1');
  await work.write(folder, [{ path: 'lib/steps.ts', base64: Buffer.from('x').toString('base64') }]);
  expect(readFileSync(join(folder, 'lib/steps.ts'), 'utf8')).toBe('x');
});
