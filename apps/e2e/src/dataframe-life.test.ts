import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import type { Session } from '@kiln/client';
import { col, count, sum } from '@kiln/client/functions';
import { describe, expect, it } from 'vitest';
import { expectNothingLeft, failureOf, filesUnder, slowNumbers, TestEngine } from './support/engine.ts';
import { fixturePlugin, repository } from './support/paths.ts';

const engine = new TestEngine();

const grouped = (session: Session) => {
  return session
    .range(0, 20_000, 1, 4)
    .withColumn('k', col('id').mod(7))
    .groupBy('k')
    .agg(sum('id').as('s'), count('id').as('c'));
};
const sums = Array.from({ length: 7 }, (_, k) => {
  const ids = Array.from({ length: 20_000 }, (_, id) => id).filter((id) => id % 7 === k);
  return [BigInt(k), BigInt(ids.reduce((a, b) => a + b, 0)), BigInt(ids.length)];
});
const byKey = (rows: readonly Iterable<unknown>[]) =>
  rows.map((row) => [...row]).sort((a, b) => Number(a[0]) - Number(b[0]));
const mapTasks = () => engine.recorder.of('task-started').length;

describe('acting twice on a DataFrame', () => {
  it('runs its map stages once', async () => {
    const session = await engine.start();
    const frame = grouped(session);
    expect(byKey(await frame.collect())).toEqual(sums);
    const first = mapTasks();
    expect(engine.recorder.of('stage-skipped')).toEqual([]);
    engine.recorder.clear();

    expect(byKey(await frame.collect())).toEqual(sums);
    expect(engine.recorder.of('stage-skipped').map(({ stage }) => stage.kind)).toEqual(['shuffle-map']);
    expect(engine.recorder.of('stage-submitted').map(({ stage }) => stage.kind)).toEqual(['result']);
    expect(mapTasks()).toBe(first - 4);
    expect((await session.usage()).mapOutputs).toBe(4);
  });

  it('at the same time gives each action all rows', async () => {
    const session = await engine.start();
    const frame = grouped(session);
    const results = await Promise.all([frame.collect(), frame.collect(), frame.collect()]);
    for (const rows of results) expect(byKey(rows)).toEqual(sums);
    const maps = engine.recorder.of('task-started').filter(({ task }) => {
      return engine.recorder
        .of('stage-submitted')
        .some(({ stage }) => stage.stageId === task.stageId && stage.kind === 'shuffle-map');
    });
    expect(maps).toHaveLength(4);
    for (const rows of await Promise.all([frame.collect(), frame.count(), frame.take(3)])) expect(rows).toBeTruthy();
  });
});

describe('map outputs', () => {
  it('of a query of its own go with the job', async () => {
    const session = await engine.start();
    const frame = grouped(session);
    expect(await frame.count()).toBe(7);
    expect(await frame.take(2)).toHaveLength(2);
    await expectNothingLeft(session);
  });

  it('of a job that fails or is cancelled go with it', async () => {
    const session = await engine.start({ conf: { 'kiln.shuffle.forceFile': 'true' } });
    const maps = slowNumbers(session, { splits: 2, chunks: 1, delay: 0 });
    const failing = maps.groupBy('n').agg(count('n').as('c')).selectExpr('1 / (c - 1) as x');
    expect((await failureOf(failing.collect())).code).toBe('DIVIDE_BY_ZERO');
    await expectNothingLeft(session);

    const slow = slowNumbers(session, { splits: 4, chunks: 10, delay: 100 }).groupBy('n').agg(count('n').as('c'));
    const controller = new AbortController();
    const rows = slow.collect({ signal: controller.signal });
    await expect
      .poll(() => engine.recorder.of('task-ended').filter((event) => event.outcome === 'succeeded').length, {
        timeout: 20_000,
      })
      .toBeGreaterThanOrEqual(2);
    controller.abort(new Error('enough'));
    expect((await failureOf(rows)).code).toBe('KILN_JOB_CANCELLED');
    await expectNothingLeft(session);
    expect(filesUnder(engine.localDir).filter((file) => !file.endsWith('lock'))).toEqual([]);
  });

  it('that are kept do not outlive the session', async () => {
    const session = await engine.start({ conf: { 'kiln.shuffle.forceFile': 'true' } });
    await grouped(session).collect();
    expect(filesUnder(engine.localDir).length).toBeGreaterThan(0);
    await session.stop();
    expect(readdirSync(engine.localDir)).toEqual([]);
  });
});

/** Runs a module with `--expose-gc` in a process of its own; the module gets `session`, `usage` and `localFiles`. */
async function inProcess(body: string): Promise<{ readonly code: number | null; readonly lines: readonly string[] }> {
  const module = `
    import { readdirSync } from 'node:fs';
    import { setTimeout as sleep } from 'node:timers/promises';
    import { Session } from ${JSON.stringify(pathToFileURL(join(repository, 'libs/client/dist/index.js')).href)};
    const localDir = ${JSON.stringify(engine.path('child'))};
    const session = await Session.create({ master: 'local[2]', plugins: [${JSON.stringify(fixturePlugin('slow-source'))}], conf: { 'spark.local.dir': localDir } });
    const print = (value) => console.log(JSON.stringify(value));
    const outputs = async () => (await session.usage()).mapOutputs;
    async function untilCollected() {
      for (let i = 0; i < 100; i++) { gc(); await sleep(20); if (await outputs() === 0) return true; }
      return false;
    }
    ${body}`;
  const child = spawn(process.execPath, ['--expose-gc', '--input-type=module', '-e', module], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [output, code] = await Promise.all([
    text(child.stdout),
    new Promise<number | null>((resolve) => child.on('close', resolve)),
  ]);
  return { code, lines: output.trim().split('\n') };
}

describe('in a process of its own', () => {
  it('map outputs live as long as the DataFrame, and the process ends by itself after stop()', async () => {
    const { code, lines } = await inProcess(`
      let frame = session.range(0, 1000, 1, 4).selectExpr('id % 7 as k').groupBy('k').count();
      print((await frame.collect()).length);
      for (let i = 0; i < 10; i++) { gc(); await sleep(20); }
      print(await outputs());
      print((await frame.collect()).length);
      frame = undefined;
      print(await untilCollected());
      const { storageBytes, diskBytes } = await session.usage();
      print([storageBytes, diskBytes]);
      await session.stop();
      print(readdirSync(localDir));
    `);
    expect(lines).toEqual(['7', '4', '7', 'true', '[0,0]', '[]']);
    expect(code).toBe(0);
  });

  it('a session that is forgotten does not keep the process, nor does one with a job that was cancelled', async () => {
    const { code, lines } = await inProcess(`
      const controller = new AbortController();
      const rows = session.read.format('slow').options({ splits: 4, chunks: 100, delay: 50 }).load('x').collect({ signal: controller.signal });
      await sleep(300);
      controller.abort('enough');
      print(await rows.catch((error) => error.code));
    `);
    expect(lines).toEqual(['"KILN_JOB_CANCELLED"']);
    expect(code).toBe(0);
  });
});
