import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { WriteMode } from '@kiln/contracts/storage';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FileOutputCommitter } from './file-output-committer.ts';

let base: string;
let path: string;
const committer = new FileOutputCommitter();
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'kiln-committer-'));
  path = join(base, 'out');
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const writeJob = (mode: WriteMode, jobId = 1) => ({ jobId, path, format: 'csv', mode });

/** A task that wrote these files. */
async function task(job: ReturnType<typeof writeJob>, taskId: number, files: Readonly<Record<string, string>>) {
  const attempt = { partition: taskId, attempt: 0, taskId };
  const written = Object.entries(files).map(([name, text]) => {
    const file = join(committer.taskDirectory(job, attempt), name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return { path: file, bytes: text.length, rows: 1 };
  });
  return { attempt, written };
}

async function write(mode: WriteMode, files: Readonly<Record<string, string>>) {
  const job = writeJob(mode);
  await committer.setupJob(job);
  const { attempt, written } = await task(job, 0, files);
  await committer.commitTask(job, attempt, written);
  await committer.commitJob(job);
}

/** Text of each file, without `_SUCCESS`. */
function contents(): string[] {
  const entries = readdirSync(path, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name !== '_SUCCESS');
  return files.map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8')).sort();
}

test('files appear with the marker when the job is committed, and not before', async () => {
  const job = writeJob('error');
  await committer.setupJob(job);
  const winner = await task(job, 0, { 'part-0.csv': 'a', 'k=1/part-0.csv': 'b' });
  const loser = await task(job, 1, { 'part-0.csv': 'lost' });
  await committer.commitTask(job, winner.attempt, winner.written);
  expect(readdirSync(path)).toEqual(['_temporary']);
  await committer.abortTask(job, loser.attempt);
  await committer.commitJob(job);
  expect(contents()).toEqual(['a', 'b']);
  expect(readdirSync(path).map((name) => name.replace(/-[0-9a-f]{8}-[0-9a-f-]{27}/, '-*'))).toEqual([
    '_SUCCESS',
    'k=1',
    'part-0-*.csv',
  ]);
});

test('modes', async () => {
  await write('error', { 'part-0.csv': 'old' });
  await expect(committer.setupJob(writeJob('error'))).rejects.toMatchObject({ code: 'KILN_OUTPUT_EXISTS' });
  expect(await committer.setupJob(writeJob('ignore'))).toBe(false);
  await write('append', { 'part-0.csv': 'more' });
  expect(contents()).toEqual(['more', 'old']);
  await write('overwrite', { 'part-0.csv': 'new' });
  expect(contents()).toEqual(['new']);
});

test('a job that is aborted leaves what was there, and no folder of its own', async () => {
  for (const existed of [false, true]) {
    if (existed) await write('error', { 'part-0.csv': 'old' });
    const job = writeJob('overwrite');
    await committer.setupJob(job);
    const { attempt, written } = await task(job, 0, { 'part-0.csv': 'new' });
    await committer.commitTask(job, attempt, written);
    await committer.abortJob(job);
    await committer.abortTask(job, attempt);
    if (existed) expect(contents()).toEqual(['old']);
    else expect(readdirSync(base)).toEqual([]);
  }
});

test('old files come back when the new ones cannot take their place', async () => {
  await write('error', { 'part-0.csv': 'old', 'part-1.csv': 'older' });
  const job = writeJob('overwrite');
  await committer.setupJob(job);
  const { attempt, written } = await task(job, 0, { 'a.csv': 'new', 'b.csv': 'newer' });
  await committer.commitTask(job, attempt, written);
  // A folder that is not empty where a file should go.
  const run = readdirSync(join(path, '_temporary'))[0];
  const inTheWay = join(path, '_temporary', String(run), 'replaced', '_SUCCESS', 'x');
  mkdirSync(inTheWay, { recursive: true });
  await expect(committer.commitJob(job)).rejects.toThrow();
  expect(contents()).toContain('old');
  await committer.abortJob(job);
  expect(contents()).toEqual(['old', 'older']);
});

test('a path that is a file is refused', async () => {
  writeFileSync(path, '');
  await expect(committer.setupJob(writeJob('overwrite'))).rejects.toMatchObject({ code: 'KILN_OUTPUT_PATH' });
});

test('an attempt that goes on writing after the commit changes nothing of the output', async () => {
  const job = writeJob('error');
  await committer.setupJob(job);
  const winner = await task(job, 0, { 'part-0.csv': 'a' });
  const zombie = await task(job, 1, { 'part-0.csv': 'begun' });
  const directory = committer.taskDirectory(job, zombie.attempt);
  await committer.commitTask(job, winner.attempt, winner.written);
  await committer.commitJob(job);
  // Its executor was taken for dead; it makes its folder anew and finishes its file.
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'part-0.csv'), 'finished');
  expect(readdirSync(path).filter((name) => name.startsWith('part-'))).toHaveLength(1);
  const placed = readdirSync(path).filter((name) => !name.startsWith('_'));
  expect(placed.map((name) => readFileSync(join(path, name), 'utf8'))).toEqual(['a']);
  // The next write is not disturbed by what it left.
  await write('append', { 'part-0.csv': 'more' });
  expect(readdirSync(path).filter((name) => !name.startsWith('_'))).toHaveLength(2);
});
