import { existsSync, readFileSync } from 'node:fs';
import { col } from '@kiln/client/functions';
import { expect, it } from 'vitest';
import { failureOf, TestEngine } from './support/engine.ts';
import { fixturePlugin } from './support/paths.ts';

const engine = new TestEngine();

/** What the source was asked, in order. */
const asked = () => (existsSync(engine.path('log')) ? readFileSync(engine.path('log'), 'utf8').trim().split('\n') : []);

const startLogged = () =>
  engine.start({ plugins: [{ package: fixturePlugin('slow-source'), config: { log: engine.path('log') } }] });

it('building a query reads nothing, not even a path', async () => {
  const session = await startLogged();
  const missing = session.read.parquet(engine.path('not-there.parquet'));
  const numbers = session.read.format('slow').option('splits', 2).load('numbers');
  numbers.createOrReplaceTempView('numbers');
  const built = session
    .sql('select n % 3 as k, count(*) as c from numbers group by n % 3')
    .filter('k > 0')
    .join(missing, 'k', 'left')
    .orderBy(col('c').desc())
    .limit(3);
  built.union(built).distinct().repartition(5).createOrReplaceTempView('all_of_it');
  session.sql('this is no SQL at all');
  numbers.write.mode('overwrite').format('parquet');
  // The control thread answers in order: it has nothing before this.
  await session.usage();
  expect(asked()).toEqual([]);
  expect(engine.recorder.of('job-started')).toEqual([]);
  expect((await failureOf(built.collect())).code).toBe('KILN_SOURCE_NOT_FOUND');
});

it('schema and explain ask what there is, and read no row', async () => {
  const session = await startLogged();
  const numbers = session.read.format('slow').option('splits', 2).load('numbers');
  expect(await numbers.select('n').columns()).toEqual(['n']);
  expect(asked()).toEqual(['resolve']);
  expect(await numbers.explainString()).toContain('slow');
  expect(asked()).toEqual(['resolve', 'resolve']);
  expect(engine.recorder.of('job-started')).toEqual([]);
});

it('an action reads what it needs, once', async () => {
  const session = await startLogged();
  const numbers = session.read.format('slow').options({ splits: 3, chunks: 2 }).load('numbers');
  expect(await numbers.filter('n >= 20').count()).toBe(40);
  expect(asked().toSorted()).toEqual(['close 0', 'close 1', 'close 2', 'open 0', 'open 1', 'open 2', 'resolve']);
});

it('readers whose rows are not wanted any more are closed', async () => {
  const session = await startLogged();
  const numbers = session.read.format('slow').options({ splits: 2, chunks: 1000, delay: 10 }).load('numbers');
  expect(await numbers.take(3)).toHaveLength(3);
  await expect
    .poll(() => asked().filter((line) => line.startsWith('close')).length, { timeout: 5_000 })
    .toBe(asked().filter((line) => line.startsWith('open')).length);
});
