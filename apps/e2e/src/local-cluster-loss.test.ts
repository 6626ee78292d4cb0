import { kill } from 'node:process';
import type { Row, Session } from '@kiln/client';
import { count } from '@kiln/client/functions';
import { describe, expect, it } from 'vitest';
import { expectNothingRuns, slowNumbers, TestEngine } from './support/engine.ts';
import { executorsOf } from './support/traces.ts';

const engine = new TestEngine();
const two = 'local-cluster[2,1,1024]';
// Tasks go where a slot is free: both executors have work and outputs.
const conf = { 'spark.locality.wait': '0' };

function killExecutor(session: Session, id: string): void {
  const pid = executorsOf(session.appId).get(id);
  if (pid === undefined) throw new Error(`executor ${id} does not run`);
  kill(pid, 'SIGKILL');
}

/** 20 groups of 20 numbers, 8 map tasks of a third of a second, and reduce tasks that take as long. */
function groups(session: Session) {
  const numbers = slowNumbers(session, { splits: 8, chunks: 5, delay: 60 });
  return numbers.selectExpr('cast(n % 20 as int) as g').groupBy('g').agg(count('g').as('c'));
}

const ended = (kind: string) => {
  const stages = engine.recorder.of('stage-submitted').filter(({ stage }) => stage.kind === kind);
  const ids = stages.map(({ stage }) => stage.stageId);
  return engine.recorder.of('task-ended').filter(({ task }) => ids.includes(task.stageId));
};

function expectGroups(rows: readonly Row[]): void {
  expect(rows.map(({ g, c }) => `${g}:${c}`).sort()).toEqual(Array.from({ length: 20 }, (_, g) => `${g}:20`).sort());
}

async function startBoth(): Promise<Session> {
  const session = await engine.start({
    master: two,
    conf: { ...conf, 'spark.scheduler.minRegisteredResourcesRatio': '1' },
  });
  expect(executorsOf(session.appId).size).toBe(2);
  return session;
}

describe('an executor that is killed', () => {
  it('while it maps: its tasks and its finished maps run again elsewhere, the others do not', async () => {
    const session = await startBoth();
    const rows = groups(session).collect();
    rows.catch(() => {});
    await expect
      .poll(() => ended('shuffle-map').filter(({ task }) => task.executorId === '1').length, { timeout: 60_000 })
      .toBeGreaterThan(0);
    killExecutor(session, '1');
    expectGroups(await rows);
    const succeeded = ended('shuffle-map').filter(({ outcome }) => outcome === 'succeeded');
    // Each map once, and again only what executor 1 had done.
    const lost = succeeded.filter(({ task }) => task.executorId === '1').length;
    expect(succeeded).toHaveLength(8 + lost);
    await expectNothingRuns(session);
  });

  it('while others read from it: only its maps run again', async () => {
    const session = await startBoth();
    // The reduce side is slow: a join with a source that takes its time.
    const slow = slowNumbers(session, { splits: 4, chunks: 10, delay: 60 }).selectExpr('cast(n % 20 as int) as g', 'n');
    const joined = groups(session).join(slow, 'g').groupBy('g').agg(count('n').as('c'));
    const rows = joined.collect();
    rows.catch(() => {});
    await expect.poll(() => engine.recorder.of('stage-completed').length, { timeout: 60_000 }).toBeGreaterThan(0);
    killExecutor(session, '0');
    expect((await rows).map(({ g, c }) => `${g}:${c}`).sort()).toEqual(
      Array.from({ length: 20 }, (_, g) => `${g}:20`).sort(),
    );
    expect(engine.recorder.of('executor-removed')).toHaveLength(1);
    await expectNothingRuns(session);
  });

  it('after all maps are done, when the result is asked for again: its maps run again, nothing else', async () => {
    const session = await startBoth();
    const frame = groups(session);
    expectGroups(await frame.collect());
    const by1 = ended('shuffle-map').filter(({ task }) => task.executorId === '1').length;
    expect(by1).toBeGreaterThan(0);
    killExecutor(session, '1');
    await expect.poll(() => engine.recorder.of('executor-removed').length, { timeout: 60_000 }).toBe(1);
    engine.recorder.clear();
    expectGroups(await frame.collect());
    expect(ended('shuffle-map')).toHaveLength(by1);
    await expectNothingRuns(session);
  });
});

describe('large things', () => {
  it('a plan of 20 MB reaches the executors', async () => {
    const session = await startBoth();
    const rows = Array.from({ length: 20_000 }, (_, k) => ({ k, text: `${'x'.repeat(1000)}${k}` }));
    expect(await session.createDataFrame(rows).filter('k >= 100').count()).toBe(19_900);
    await expectNothingRuns(session);
  });

  it('a result that is larger than a message comes whole', async () => {
    const session = await startBoth();
    const rows = await session.range(0, 40_000, 1, 2).selectExpr('id', "repeat('x', 200) as text").collect();
    expect(rows).toHaveLength(40_000);
    expect(rows.every(({ text }) => (text as string).length === 200)).toBe(true);
    await expectNothingRuns(session);
  });
});
