import { type DataFrame, Session } from '@kiln/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { arithmetic } from './arithmetic.ts';
import { casts } from './casts.ts';
import { comparison } from './comparison.ts';
import { conditionals } from './conditionals.ts';
import { dates } from './dates.ts';
import { decimals } from './decimals.ts';
import { gapOf, gaps } from './gaps.ts';
import { groupingCases } from './grouping.ts';
import { joins } from './joins.ts';
import { names } from './names.ts';
import { ordering } from './ordering.ts';
import { relations } from './relations.ts';
import { sets } from './sets.ts';
import { strings } from './strings.ts';
import { subqueries } from './subqueries.ts';
import { type Answer, answerOf, createViews, inOrder, type SparkCase, sparkCases } from './support.ts';
import { using } from './using.ts';
import { windows } from './windows.ts';

const groups = {
  arithmetic,
  decimals,
  casts,
  comparison,
  names,
  strings,
  dates,
  conditionals,
  grouping: groupingCases,
  ordering,
  sets,
  joins,
  using,
  subqueries,
  windows,
  relations,
};

let session: Session;
beforeAll(async () => {
  session = await Session.create({ master: 'local[2]', conf: { 'spark.sql.shuffle.partitions': '3' } });
  createViews(session);
});
afterAll(() => session?.stop());

describe.each(Object.entries(groups))('Spark 4.3, %s', (group, builders) => {
  const cases = sparkCases(group);

  it('has DataFrame calls for every case', () => {
    expect(Object.keys(builders)).toEqual(cases.map(({ name }) => name));
    for (const { name, frame } of cases) expect([name, builders[name] === null]).toEqual([name, frame === null]);
  });

  for (const spark of cases) {
    check(group, spark, 'SQL', spark.result, (on) => on.sql(spark.sql));
    const build = builders[spark.name];
    if (build) check(group, spark, 'DataFrame', spark.frame ?? spark.result, build);
  }
});

it('knows the cases whose gaps it lists', () => {
  const known = Object.keys(groups).flatMap((group) => sparkCases(group).map(({ name }) => `${group}: ${name}`));
  expect(Object.keys(gaps).filter((gap) => !known.includes(gap))).toEqual([]);
});

/** A gap is expected to fail, with its reason in the name: when it is closed, its entry must go. */
function check(
  group: string,
  { name, ordered }: SparkCase,
  form: 'SQL' | 'DataFrame',
  expected: Answer,
  build: (on: Session) => DataFrame<object>,
): void {
  const gap = gapOf(`${group}: ${name}`, form);
  const run = async () => {
    expect(await answerOf(() => build(session), ordered)).toEqual(inOrder(expected, ordered));
  };
  if (gap === undefined) it(`${name} (${form})`, run);
  else it.fails(`${name} (${form}): ${gap}`, run);
}
