import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Session, type SessionOptions } from '@kiln/client';
import { col, sum } from '@kiln/client/functions';
import { EventRecorder } from '@kiln/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { slowNumbers } from './support/engine.ts';
import { fixturePlugin } from './support/paths.ts';

let directory: string;
let session: Session | undefined;
const recorder = new EventRecorder();

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kiln-swap-'));
  recorder.clear();
});
afterEach(async () => {
  await session?.stop();
  session = undefined;
  rmSync(directory, { recursive: true, force: true });
});

async function start(options: SessionOptions): Promise<Session> {
  session = await Session.create({ master: 'local[2]', ...options });
  session.listen(recorder);
  return session;
}

const grouped = (from: Session) =>
  from.range(0, 20_000, 1, 4).withColumn('k', col('id').mod(7)).groupBy('k').agg(sum('id').as('s'));

/** Each part is replaced by one that does not call the default, and a job shows the difference. */
describe('every contract can be replaced', () => {
  it('planner and task runner', async () => {
    const kiln = await start({ plugins: [fixturePlugin('constant-planner')] });
    const rows = await kiln.sql('anything at all').collect();
    expect(rows.map((row) => row['answer'])).toEqual([40, 41, 42]);
    expect(recorder.of('task-ended')).toHaveLength(3);
  });

  it('optimizer rule', async () => {
    const kiln = await start({ plugins: [fixturePlugin('literal-rule')] });
    expect((await kiln.sql('select 1 + 40 as x').collect()).map((row) => row['x'])).toEqual([42]);
  });

  it('DAG scheduler', async () => {
    const kiln = await start({ plugins: [fixturePlugin('eager-dag')] });
    const frame = grouped(kiln);
    expect(await frame.collect()).toHaveLength(7);
    expect(await frame.collect()).toHaveLength(7);
    expect(recorder.of('stage-skipped')).toEqual([]);
    expect(recorder.of('stage-completed').every((event) => event.reason === 'eagerly')).toBe(true);
    expect(recorder.of('stage-completed')).toHaveLength(4);
  });

  it('scheduling policy', async () => {
    const kiln = await start({
      master: 'local[1]',
      plugins: [fixturePlugin('lifo-policy'), fixturePlugin('slow-source')],
    });
    // The first job holds the slot until the others wait for it too.
    const first = slowNumbers(kiln, { splits: 2, chunks: 1, delay: 2_000 }).collect();
    await expect.poll(() => recorder.of('task-started').length).toBe(1);
    await Promise.all([first, kiln.range(10).collect(), kiln.range(20).collect()]);
    expect(recorder.of('job-ended').map((event) => event.jobId)).toEqual([2, 1, 0]);
  });

  it('cluster manager', async () => {
    const kiln = await start({ master: 'three://', plugins: [fixturePlugin('three-slots-cluster')] });
    await kiln.range(0, 9, 1, 9).collect();
    expect(new Set(recorder.of('task-started').map((event) => event.task.executorId))).toEqual(new Set(['custom-1']));
  });

  it('memory policy', async () => {
    const kiln = await start({ plugins: [fixturePlugin('squeezed-memory')], conf: { 'spark.local.dir': directory } });
    const groups = await kiln.range(0, 3_000_000, 1, 2).groupBy(col('id').mod(1_500_000)).count().count();
    expect(groups).toBe(1_500_000);
    const spilled = recorder.of('task-ended').reduce((total, event) => total + event.metrics.diskBytesSpilled, 0);
    expect(spilled).toBeGreaterThan(0);
  });

  it('shuffle manager', async () => {
    const kiln = await start({ plugins: [fixturePlugin('file-shuffle')], conf: { 'spark.local.dir': directory } });
    const frame = grouped(kiln);
    expect(await frame.collect()).toHaveLength(7);
    expect((await kiln.usage()).diskBytes).toBeGreaterThan(0);
  });

  it('data source', async () => {
    const kiln = await start({ plugins: [fixturePlugin('numbers-source')] });
    const frame = kiln.read.format('numbers').option('start', 5).load('memory');
    expect((await frame.orderBy('n').collect()).map((row) => row['n'])).toEqual([5, 6, 7, 15, 16, 17]);
  });

  it('output committer', async () => {
    const kiln = await start({ plugins: [fixturePlugin('manifest-committer')] });
    await kiln.range(0, 10, 1, 2).write.mode('overwrite').parquet(join(directory, 'out'));
    const manifest = readFileSync(join(directory, 'out/MANIFEST'), 'utf8').trim().split('\n');
    expect(manifest).toHaveLength(2);
    expect(manifest.every((name) => existsSync(join(directory, 'out', name)))).toBe(true);
    expect(readdirSync(join(directory, 'out'))).not.toContain('_SUCCESS');
  });

  it('listener', async () => {
    const file = join(directory, 'events.txt');
    const kiln = await start({ plugins: [{ package: fixturePlugin('file-listener'), config: { file } }] });
    await kiln.range(3).collect();
    expect(readFileSync(file, 'utf8')).toBe('job-started\njob-ended\n');
  });
});
