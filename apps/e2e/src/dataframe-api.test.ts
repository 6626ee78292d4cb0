import { type DataFrame, Session } from '@kiln/client';
import { avg, broadcast, col, count, desc, grouping_id, lit, max, sum } from '@kiln/client/functions';
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest';
import { failureOf } from './support/engine.ts';

/** Methods that the client composes of other nodes of the plan. What is expected is what Spark 4.3 answers to the same calls. */
let session: Session;
beforeAll(async () => {
  session = await Session.create({ master: 'local[2]', conf: { 'spark.sql.shuffle.partitions': 2 } });
});
afterAll(() => session?.stop());

const mixed = () =>
  session.sql(`select * from values
    (1, 'a', cast(1.5 as double), true, cast(2.50 as decimal(5,2)), date'2020-01-02'),
    (2, null, cast('NaN' as double), false, null, null),
    (null, 'b', null, null, cast(3.25 as decimal(5,2)), date'2021-01-01'),
    (4, 'a', cast(2.5 as double), null, cast(1 as decimal(5,2)), null) t(i, s, d, b, m, t)`);

const sales = () =>
  session.sql(`select * from values
    ('x', 2012, 10), ('x', 2013, 20), ('y', 2012, 30), ('x', 2012, 5), (null, 2013, 1) p(k, y, v)`);

async function cells(frame: DataFrame<object>): Promise<unknown[][]> {
  return (await frame.collect()).map((row) => [...row]);
}

const sorted = (rows: unknown[][]) => rows.toSorted((a, b) => (text(a) < text(b) ? -1 : 1));
const text = (row: unknown[]) => row.map(String).join();
const columnOf = async (frame: DataFrame<object>, name: string) =>
  (await frame.collect()).map((row) => (row as unknown as Record<string, unknown>)[name]);

describe('na.fill', () => {
  it('fills columns of the type of the value, and NaN', async () => {
    const numbers = await mixed().na.fill(7.9);
    expect(await numbers.dtypes()).toEqual(await mixed().dtypes());
    expect(await cells(numbers)).toEqual([
      [1, 'a', 1.5, true, '2.50', '2020-01-02'],
      [2, null, 7.9, false, '7.90', null],
      [7, 'b', 7.9, null, '3.25', '2021-01-01'],
      [4, 'a', 2.5, null, '1.00', null],
    ]);
    expect(await columnOf(await mixed().na.fill('x'), 's')).toEqual(['a', 'x', 'b', 'a']);
    expect(await columnOf(await mixed().na.fill(true), 'b')).toEqual([true, false, true, true]);
  });

  it('fills some columns, or each with its own value', async () => {
    expect(await cells((await mixed().na.fill(0, ['i', 's'])).select('i', 's', 'd'))).toEqual([
      [1, 'a', 1.5],
      [2, null, Number.NaN],
      [0, 'b', null],
      [4, 'a', 2.5],
    ]);
    const each = await mixed().na.fill({ i: 5.7, s: 'q', m: 2 });
    expect(await cells(each.select('i', 's', 'm'))).toEqual([
      [1, 'a', '2.50'],
      [2, 'q', '2.00'],
      [5, 'b', '3.25'],
      [4, 'a', '1.00'],
    ]);
  });

  it('says which column is not there', async () => {
    const error = await failureOf(mixed().na.fill(0, ['zz']));
    expect(error.code).toBe('UNRESOLVED_COLUMN.WITH_SUGGESTION');
  });
});

describe('na.drop', () => {
  it('drops rows with any or only missing values, or too few others', async () => {
    expect(await columnOf(await mixed().na.drop(), 'i')).toEqual([1]);
    expect(await columnOf(await mixed().select('i', 's').na.drop({ how: 'all' }), 'i')).toEqual([1, 2, null, 4]);
    expect(await columnOf(await mixed().select('s', 'd').na.drop({ how: 'all' }), 'd')).toEqual([1.5, null, 2.5]);
    expect(await columnOf(await mixed().na.drop({ minNonNulls: 5 }), 'i')).toEqual([1]);
    expect(await columnOf(await mixed().na.drop({ columns: ['d'] }), 'i')).toEqual([1, 4]);
  });
});

describe('na.replace', () => {
  it('replaces in columns of the type of the keys', async () => {
    const numbers = await mixed().na.replace(new Map([[1, 10], [4, null]])); // biome-ignore format: pairs
    expect(await numbers.dtypes()).toEqual(await mixed().dtypes());
    expect(await cells(numbers.select('i', 'd', 'm'))).toEqual([
      [10, 1.5, '2.50'],
      [2, Number.NaN, null],
      [null, null, '3.25'],
      [null, 2.5, '10.00'],
    ]);
    expect(await columnOf(await mixed().na.replace(new Map([[1.5, 9.75]])), 'i')).toEqual([1, 2, null, 4]);
    expect(await columnOf(await mixed().na.replace({ a: 'A' }), 's')).toEqual(['A', null, 'b', 'A']);
    expect(await columnOf(await mixed().na.replace({ a: null }), 's')).toEqual([null, null, 'b', null]);
    expect(await columnOf(await mixed().na.replace(new Map([[1, 10]]), ['i']), 'm')).toContain('1.00');
  });
});

describe('pivot', () => {
  it('has a column for each value, NULL where there are no rows', async () => {
    const years = sales().groupBy('k').pivot('y', [2012, 2013, 2014]).sum('v');
    expect(await years.dtypes()).toEqual([
      ['k', 'string'],
      ['2012', 'bigint'],
      ['2013', 'bigint'],
      ['2014', 'bigint'],
    ]);
    expect(sorted(await cells(years))).toEqual([
      [null, null, 1n, null],
      ['x', 15n, 20n, null],
      ['y', 30n, null, null],
    ]);
    expect(sorted(await cells(sales().groupBy('k').pivot('y', [2012, 2013]).count()))).toEqual([
      [null, null, 1n],
      ['x', 2n, 1n],
      ['y', 1n, null],
    ]);
    expect(await cells(sales().groupBy().pivot('y', [2012, 2013]).sum('v'))).toEqual([[45n, 21n]]);
  });

  it('names columns after values and aggregates', async () => {
    const pivot = sales().groupBy('k').pivot('y', [2012, 2013]);
    expect(await pivot.agg(sum('v').as('t')).columns()).toEqual(['k', '2012', '2013']);
    const several = pivot.agg(sum('v').as('t'), max('v'));
    expect(await several.columns()).toEqual(['k', '2012_t', '2012_max(v)', '2013_t', '2013_max(v)']);
    expect(sorted(await cells(several))).toEqual([
      [null, null, null, 1n, 1],
      ['x', 15n, 10, 20n, 20],
      ['y', 30n, 30, null, null],
    ]);
    const nulls = sales().groupBy('y').pivot('k', ['x', null]).sum('v').orderBy('y');
    expect(await nulls.columns()).toEqual(['y', 'x', 'null']);
    expect(await cells(nulls)).toEqual([
      [2012, 15n, null],
      [2013, 20n, 1n],
    ]);
    const odd = sales().groupBy(col('v').mod(2).as('odd')).pivot('y', [2012]).sum('v').orderBy('odd');
    expect(await cells(odd)).toEqual([
      [0, 40n],
      [1, 5n],
    ]);
  });

  it('is refused where Spark refuses it', () => {
    expect(() => sales().rollup('k').pivot('y', [2012])).toThrow('pivot() follows groupBy()');
    expect(() => sales().groupBy('k').pivot('y', [])).toThrow('needs the values');
    expect(() =>
      sales()
        .groupBy(col('v').plus(lit(1)))
        .pivot('y', [1])
        .sum('v'),
    ).toThrow('has no name');
  });
});

describe('groupingSets', () => {
  it('groups by each set', async () => {
    const sets = sales()
      .groupingSets([['k', 'y'], ['k'], []], 'k', 'y')
      .agg(sum('v'), grouping_id());
    expect(sorted(await cells(sets))).toEqual(
      sorted([
        ['x', 2012, 15n, 0n],
        ['x', 2013, 20n, 0n],
        ['x', null, 35n, 1n],
        [null, null, 66n, 3n],
        ['y', 2012, 30n, 0n],
        ['y', null, 30n, 1n],
        [null, 2013, 1n, 0n],
        [null, null, 1n, 1n],
      ]),
    );
  });

  it('takes columns that are only in a set', async () => {
    const other = sales()
      .groupingSets([['k'], ['v']], 'k')
      .agg(sum('y').as('s'));
    expect(sorted(await cells(other))).toEqual(
      sorted([
        ['x', 6037n],
        [null, 2012n],
        [null, 2013n],
        [null, 2012n],
        ['y', 2012n],
        [null, 2012n],
        [null, 2013n],
        [null, 2013n],
      ]),
    );
  });

  it('takes columns that are in no set', async () => {
    const fewer = sales()
      .groupingSets([['k']], 'k', 'y')
      .agg(sum('v'));
    expect(sorted(await cells(fewer))).toEqual([
      [null, null, 1n],
      ['x', null, 35n],
      ['y', null, 30n],
    ]);
  });
});

describe('unpivot', () => {
  it('makes rows of columns, in their common type, with NULLs', async () => {
    const wide = session.sql('select * from values (1, 11, 1.5), (2, 12, null) u(id, a, b)');
    const long = wide.unpivot(['id'], ['a', 'b'], 'var', 'val');
    expect(await long.dtypes()).toEqual([
      ['id', 'int'],
      ['var', 'string'],
      ['val', 'decimal(11,1)'],
    ]);
    expect(await cells(long.orderBy('id', 'var'))).toEqual([
      [1, 'a', '11.0'],
      [1, 'b', '1.5'],
      [2, 'a', '12.0'],
      [2, 'b', null],
    ]);
  });
});

describe('describe', () => {
  it('sums up numeric and text columns', async () => {
    const summary = await mixed().describe();
    expect(await summary.dtypes()).toEqual(['summary', 'i', 's', 'd', 'm'].map((name) => [name, 'string']));
    expect(await cells(summary)).toEqual([
      ['count', '3', '3', '3', '3'],
      ['mean', '2.3333333333333335', null, 'NaN', '2.250000'],
      // Partial results of two tasks: the last digits depend on the order in which they come.
      ['stddev', expect.stringMatching(/^1\.52752523165194/), null, 'NaN', expect.stringMatching(/^1\.1456439237389/)],
      ['min', '1', 'a', '1.5', '1.00'],
      ['max', '4', 'b', 'NaN', '3.25'],
    ]);
    expect(await (await mixed().describe('s', 'i')).columns()).toEqual(['summary', 's', 'i']);
    expect(await columnOf(await mixed().describe('b'), 'summary')).toEqual(['count', 'mean', 'stddev', 'min', 'max']);
  });
});

describe('samples', () => {
  it('sampleBy takes the rows that Spark takes', async () => {
    const frame = session.range(0, 20, 1, 2).withColumn('k', col('id').mod(3));
    const sample = frame.sampleBy('k', new Map([[0, 0.3], [1, 0.6]]), 7); // biome-ignore format: pairs
    expect(await columnOf(sample, 'id')).toEqual([0n, 1n, 4n, 6n, 10n, 12n, 13n, 19n]);
  });

  it('randomSplit gives every row to one share', async () => {
    const numbers = session.range(0, 1_000, 1, 4).repartition(3, 'id');
    const shares = await Promise.all(numbers.randomSplit([1, 2, 1], 5).map((share) => columnOf(share, 'id')));
    expect(shares.map((ids) => ids.length > 150)).toEqual([true, true, true]);
    expect(shares.flat().toSorted((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({ length: 1_000 }, (_, n) => BigInt(n)),
    );
    expect(() => numbers.randomSplit([0, -1])).toThrow('are not weights');
  });
});

describe('rows that TypeScript knows', () => {
  it('stay known where the columns stay', async () => {
    const typed = sales().as<{ k: string | null; y: number; v: number }>();
    expectTypeOf(typed.select('k', 'v')).toEqualTypeOf<
      DataFrame<Pick<{ k: string | null; y: number; v: number }, 'k' | 'v'>>
    >();
    expectTypeOf(typed.select(col('k'))).toEqualTypeOf<DataFrame>();
    expectTypeOf(sales().select('k')).toEqualTypeOf<DataFrame>();
    expectTypeOf(typed.unionByName(typed)).toEqualTypeOf(typed);
    expectTypeOf(await typed.na.fill(0)).toEqualTypeOf(typed);
    expectTypeOf(typed.except(typed)).toEqualTypeOf(typed);
    const [row] = await typed.orderBy(desc('v')).select('k', 'v').collect();
    expect([row?.k, row?.v]).toEqual(['y', 30]);
  });
});

it('broadcast() is the hint', async () => {
  const joined = session
    .range(10)
    .join(broadcast(session.range(5)), 'id')
    .agg(count(), avg('id'));
  expect(await cells(joined)).toEqual([[5n, 2]]);
});
