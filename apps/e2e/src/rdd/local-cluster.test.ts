import { kill } from 'node:process';
import type { Session } from '@kiln/client';
import { describe, expect, it } from 'vitest';
import { expectNothingRuns, failureOf, TestEngine } from '../support/engine.ts';
import { executorsOf } from '../support/traces.ts';

const engine = new TestEngine();
const one = 'local-cluster[1,2,1024]';

const counts = (session: Session) =>
  session.sparkContext
    .range(0, 40_000, 1, 6)
    .map((n): [string, number] => [`k${n % 1_000}`, n])
    .reduceByKey((a, b) => a + b, { numPartitions: 3 });

const expected = Array.from({ length: 1_000 }, (_, k): [string, number] => [`k${k}`, 40 * k + 780_000]);

describe('RDDs on executor processes', () => {
  it('shuffle, sort, join and fail as in the process of the driver', async () => {
    const session = await engine.start({ master: one });
    const sums = counts(session);
    expect((await sums.collect()).toSorted(([a], [b]) => Number(a.slice(1)) - Number(b.slice(1)))).toEqual(expected);
    const sorted = await sums
      .map(([key, sum]): [number, string] => [-sum, key])
      .sortByKey()
      .values()
      .take(2);
    expect(sorted).toEqual(['k999', 'k998']);
    expect(
      await sums
        .join(sums.mapValues((sum) => sum / 2))
        .filter(([, [a, b]]) => a !== 2 * b)
        .count(),
    ).toBe(0);
    const failing = sums.map(([key]) => {
      if (key === 'k7') throw new TypeError('not seven');
      return key;
    });
    const error = await failureOf(failing.collect());
    expect(error).toMatchObject({ code: 'KILN_FUNCTION' });
    expect((error.cause as Error).stack).toMatch(/^TypeError: not seven\n\s+at .*local-cluster\.test\.ts:\d+:\d+/);
    await expectNothingRuns(session);
  });

  it('that never end are cancelled', async () => {
    const session = await engine.start({ master: one });
    const cancel = new AbortController();
    const endless = session.sparkContext.range(0, 4, 1, 2).map(() => {
      for (;;);
    });
    const failing = failureOf(endless.collect({ signal: cancel.signal }));
    await expect.poll(() => engine.recorder.of('task-started').length, { timeout: 20_000 }).toBeGreaterThan(1);
    cancel.abort();
    expect((await failing).code).toBe('KILN_JOB_CANCELLED');
    expect(await session.sparkContext.range(0, 10, 1, 2).count()).toBe(10);
    await expectNothingRuns(session);
  });

  it('make the outputs of a lost executor again', async () => {
    const session = await engine.start({ master: one });
    const sums = counts(session);
    expect(await sums.count()).toBe(1_000);
    const maps = engine.recorder.of('task-ended').filter(({ metrics }) => metrics.shuffleWriteRows > 0);
    const lost = maps.filter(({ task }) => task.executorId === '0').length;
    expect(lost).toBeGreaterThan(0);
    engine.recorder.clear();
    const pid = executorsOf(session.appId).get('0');
    if (pid === undefined) throw new Error('no executor');
    kill(pid, 'SIGKILL');
    await expect.poll(() => engine.recorder.of('executor-removed').length, { timeout: 20_000 }).toBe(1);
    expect((await sums.collect()).toSorted(([a], [b]) => Number(a.slice(1)) - Number(b.slice(1)))).toEqual(expected);
    const again = engine.recorder
      .of('task-ended')
      .filter(({ outcome, metrics }) => outcome === 'succeeded' && metrics.shuffleWriteRows > 0);
    expect(again).toHaveLength(lost);
  });

  it('make only the outputs of the lost one of two executors again', async () => {
    const session = await engine.start({ master: 'local-cluster[2,1,1024]' });
    const executors = () => new Set(engine.recorder.of('task-ended').map(({ task }) => task.executorId));
    const waiting = session.sparkContext.range(0, 8, 1, 8).map(() => {
      const until = Date.now() + 50;
      while (Date.now() < until);
      return until;
    });
    // Until both are there.
    const both = async () => (await waiting.count()) === 8 && executors().size;
    await expect.poll(both, { timeout: 60_000 }).toBe(2);
    engine.recorder.clear();
    const sums = counts(session);
    expect(await sums.count()).toBe(1_000);
    const made = () => {
      const ended = engine.recorder.of('task-ended').filter(({ outcome }) => outcome === 'succeeded');
      return ended.filter(({ metrics }) => metrics.shuffleWriteRows > 0);
    };
    const [lost] = made().map(({ task }) => task.executorId);
    const again = made().filter(({ task }) => task.executorId === lost).length;
    const pid = executorsOf(session.appId).get(String(lost));
    if (pid === undefined) throw new Error('no executor');
    engine.recorder.clear();
    kill(pid, 'SIGKILL');
    await expect.poll(() => engine.recorder.of('executor-removed').length, { timeout: 20_000 }).toBe(1);
    expect((await sums.collect()).toSorted(([a], [b]) => Number(a.slice(1)) - Number(b.slice(1)))).toEqual(expected);
    expect(made()).toHaveLength(again);
  });
});
