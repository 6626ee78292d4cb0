import { existsSync, readFileSync } from 'node:fs';
import { Session } from '@kiln/client';
import { col, count, sum } from '@kiln/client/functions';
import { describe, expect, it } from 'vitest';
import { expectNothingLeft, failureOf, TestEngine } from './support/engine.ts';
import { fixturePlugin } from './support/paths.ts';

const engine = new TestEngine();

/** What the store was asked, in order. */
const asked = () => (existsSync(engine.path('log')) ? readFileSync(engine.path('log'), 'utf8').trim().split('\n') : []);
const askedFor = (what: string) => asked().filter((line) => line.startsWith(`${what} `));

const start = (config: { lose?: number; refuse?: number } = {}, master = 'local[2]') => {
  return engine.start({
    master,
    plugins: [{ package: fixturePlugin('map-block-store'), config: { log: engine.path('log'), ...config } }],
  });
};
const grouped = (session: Session) => {
  return session
    .range(0, 10_000, 1, 4)
    .withColumn('k', col('id').mod(7))
    .groupBy('k')
    .agg(count('id').as('c'), sum('id').as('s'))
    .orderBy('k');
};
const expected = Array.from({ length: 7 }, (_, k) => {
  const ids = Array.from({ length: 10_000 }, (_, id) => id).filter((id) => id % 7 === k);
  return [BigInt(k), BigInt(ids.length), BigInt(ids.reduce((a, b) => a + b, 0))];
});

describe('a shuffle through a block store in TypeScript', () => {
  it('writes each block once, reads what it needs, and leaves nothing', async () => {
    const session = await start();
    expect((await grouped(session).collect()).map((row) => [...row])).toEqual(expected);
    const puts = askedFor('put').map((line) => line.split(' ')[1]);
    expect(puts.length).toBeGreaterThan(4);
    expect(askedFor('put').every((line) => Number(line.split(' ')[2]) > 24)).toBe(true);
    const gets = askedFor('get').map((line) => line.split(' ')[1]);
    expect(gets.toSorted()).toEqual(puts.toSorted());
    // The executor's own store holds nothing of it.
    expect(await session.usage()).toMatchObject({ mapOutputs: 0, storageBytes: 0, diskBytes: 0 });
    expect(await grouped(session).count()).toBe(7);
    await expect.poll(() => asked().at(-1), { timeout: 5_000 }).toMatch(/^removed/);
  });

  it('gives the same rows as without, also for joins, sorts and large blocks', async () => {
    const session = await start();
    const plain = await Session.create({ master: 'local[2]' });
    const query = (kiln: Session) => {
      const left = kiln.range(0, 200_000, 1, 3).selectExpr('id % 1000 as k', 'id as a');
      const right = kiln.range(0, 3_000, 1, 2).selectExpr('id as k', 'id * 2 as b');
      return left
        .join(right.hint('merge'), 'k')
        .groupBy('k')
        .agg(sum('a').as('a'), sum('b').as('b'))
        .orderBy(col('a').desc(), 'k')
        .limit(500);
    };
    try {
      const rows = (await query(session).collect()).map((row) => [...row]);
      expect(rows).toEqual((await query(plain).collect()).map((row) => [...row]));
      expect(rows).toHaveLength(500);
    } finally {
      await plain.stop();
    }
  });

  it('that loses a block makes its map output anew', async () => {
    const session = await start({ lose: 1 });
    expect((await grouped(session).collect()).map((row) => [...row])).toEqual(expected);
    const lost = engine.recorder.of('task-ended').filter((event) => event.outcome === 'failed');
    expect(lost.map((event) => event.error?.code)).toEqual(['FETCH_FAILED']);
    const attempts = engine.recorder
      .of('stage-submitted')
      .map(({ stage, attempt, tasks }) => `${stage.kind} ${attempt} ${tasks}`);
    expect(attempts).toContain('shuffle-map 1 1');
  });

  it('that refuses a block fails the task, which is tried again', async () => {
    const once = await start({ refuse: 1 }, 'local[2,2]');
    expect((await grouped(once).collect()).map((row) => [...row])).toEqual(expected);
    const never = await start({ refuse: 1_000 }, 'local[2,2]');
    const error = await failureOf(grouped(never).collect());
    expect(error).toMatchObject({ code: 'KILN_TASK_FAILED', cause: { code: 'BLOCK_STORE' } });
    expect(error.message).toContain('the store is full');
    await expectNothingLeft(never);
  });
});

it('a block store that nobody offers is refused at start', async () => {
  const error = await failureOf(engine.start({ plugins: [fixturePlugin('nowhere-shuffle')] }));
  expect(error).toMatchObject({ code: 'KILN_BLOCK_STORE_UNKNOWN', message: expect.stringContaining("'nowhere:'") });
});
