import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import type { Session, WriteResult } from '@kiln/client';
import { describe, expect, it } from 'vitest';
import { failureOf, filesUnder, slowNumbers, TestEngine } from './support/engine.ts';

const engine = new TestEngine();
const out = () => engine.path('out');

const write = (
  session: Session,
  start: number,
  mode?: 'error' | 'overwrite' | 'append' | 'ignore',
): Promise<WriteResult> => {
  const { write: writer } = session.range(start, start + 10, 1, 2);
  return (mode === undefined ? writer : writer.mode(mode)).parquet(out());
};
const ids = async (session: Session) => {
  const rows = await session.read.parquet(out()).collect();
  return rows.map((row) => Number(row['id'])).sort((a, b) => a - b);
};
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describe('modes of a write', () => {
  it('error (the default) refuses a folder that holds something', async () => {
    const session = await engine.start();
    expect(await write(session, 0)).toMatchObject({ rows: 10, files: 2 });
    expect(readdirSync(out())).toContain('_SUCCESS');
    const before = filesUnder(out());
    expect(await failureOf(write(session, 100))).toMatchObject({
      code: 'KILN_OUTPUT_EXISTS',
      hint: expect.stringContaining("'overwrite' or 'append'"),
      concerns: { path: out() },
    });
    expect(await failureOf(write(session, 100, 'error'))).toMatchObject({ code: 'KILN_OUTPUT_EXISTS' });
    expect(filesUnder(out())).toEqual(before);
    // Nothing ran for them.
    expect(engine.recorder.of('job-started')).toHaveLength(1);
  });

  it('append adds, ignore leaves, overwrite replaces', async () => {
    const session = await engine.start();
    await write(session, 0);
    await write(session, 10, 'append');
    expect(await ids(session)).toEqual(numbers(0, 20));
    expect(await write(session, 100, 'ignore')).toEqual({ rows: 0, files: 0, bytes: 0 });
    expect(await ids(session)).toEqual(numbers(0, 20));
    await write(session, 50, 'overwrite');
    expect(await ids(session)).toEqual(numbers(50, 60));
    expect(readdirSync(out()).filter((name) => name.startsWith('.') || name === '_temporary')).toEqual([]);
  });

  it('all make a folder that is not there, with its parents', async () => {
    const session = await engine.start();
    for (const mode of ['error', 'append', 'ignore', 'overwrite'] as const) {
      const path = engine.path('a', mode, 'b');
      await session.range(5).write.mode(mode).parquet(path);
      expect(await session.read.parquet(path).count()).toBe(5);
    }
  });

  it('a query may overwrite what it reads', async () => {
    const session = await engine.start();
    await write(session, 0);
    await session.read.parquet(out()).filter('id >= 5').write.mode('overwrite').parquet(out());
    expect(await ids(session)).toEqual(numbers(5, 10));
  });

  it('appends at the same time all arrive', async () => {
    const session = await engine.start();
    await Promise.all([0, 10, 20, 30].map((start) => write(session, start, 'append')));
    expect(await ids(session)).toEqual(numbers(0, 40));
  });
});

describe('a write that fails', () => {
  it('leaves the old files of overwrite as they were', async () => {
    const session = await engine.start();
    await write(session, 0);
    const before = filesUnder(out());
    const broken = slowNumbers(session, { splits: 6, chunks: 2, delay: 30, failing: 5 });
    expect((await failureOf(broken.write.mode('overwrite').parquet(out()))).code).toBe('EXECUTION_ERROR');
    expect(filesUnder(out())).toEqual(before);
    expect(await ids(session)).toEqual(numbers(0, 10));
  });

  it.each(['error', 'append', 'overwrite', 'ignore'] as const)(
    'in mode %s leaves no folder behind that was not there',
    async (mode) => {
      const session = await engine.start();
      const broken = slowNumbers(session, { splits: 4, chunks: 2, delay: 10, failing: 3 });
      await failureOf(broken.write.mode(mode).parquet(out()));
      expect(existsSync(out())).toBe(false);
      // So the same write may be tried again.
      await write(session, 0, mode);
      expect(await ids(session)).toEqual(numbers(0, 10));
    },
  );

  it('adds nothing in mode append', async () => {
    const session = await engine.start();
    await write(session, 0);
    const broken = slowNumbers(session, { splits: 4, chunks: 2, delay: 10, failing: 3 });
    await failureOf(broken.selectExpr('cast(n as bigint) as id').write.mode('append').parquet(out()));
    expect(await ids(session)).toEqual(numbers(0, 10));
    expect(readdirSync(out())).not.toContain('_temporary');
  });

  it('because of its path says so', async () => {
    const session = await engine.start();
    mkdirSync(engine.path('folder'));
    writeFileSync(engine.path('folder/file'), 'x');
    const inFile = session.range(3).write.mode('overwrite');
    expect((await failureOf(inFile.parquet(engine.path('folder/file')))).code).toBe('KILN_OUTPUT_PATH');
    expect((await failureOf(inFile.parquet(engine.path('folder/file/deeper')))).code).toBe('KILN_OUTPUT_PATH');
  });
});

it('a write without rows keeps the schema', async () => {
  const session = await engine.start();
  await session.range(10).filter('id < 0').write.parquet(out());
  expect(await session.read.parquet(out()).columns()).toEqual(['id']);
  expect(await ids(session)).toEqual([]);
});
