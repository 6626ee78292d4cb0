import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { RDD } from '@kiln/client';
import { describe, expect, it } from 'vitest';
import { expectNothingRuns, TestEngine } from '../support/engine.ts';

const engine = new TestEngine();

const sorted = <T>(values: readonly T[]) =>
  values.toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));

describe('an RDD', () => {
  it('goes through narrow operators in the order of its partitions', async () => {
    const { sparkContext } = await engine.start();
    const numbers = sparkContext.range(0, 20, 1, 3);
    expect(await numbers.map((n) => n * 2).collect()).toEqual(Array.from({ length: 20 }, (_, n) => 2 * n));
    expect(await numbers.filter((n) => n % 7 === 0).collect()).toEqual([0, 7, 14]);
    expect(await numbers.flatMap((n) => (n < 3 ? Array(n).fill(n) : [])).collect()).toEqual([1, 2, 2]);
    expect(await numbers.flatMap((n) => new Set(n === 5 ? ['a', 'b'] : [])).collect()).toEqual(['a', 'b']);
    expect(await numbers.keyBy((n) => n % 2).take(3)).toEqual([
      [0, 0],
      [1, 1],
      [0, 2],
    ]);
    const sums = numbers.mapPartitions(function* (records) {
      let sum = 0;
      for (const record of records) sum += record;
      yield sum;
    });
    expect(await sums.collect()).toEqual([15, 63, 112]);
    expect(await numbers.mapPartitionsWithIndex((index, all) => [[index, [...all].length]]).collect()).toEqual([
      [0, 6],
      [1, 7],
      [2, 7],
    ]);
    expect(await numbers.coalesce(2).getNumPartitions()).toBe(2);
    expect((await numbers.glom().collect()).map((part) => part.length)).toEqual([6, 7, 7]);
    expect(await numbers.coalesce(2).collect()).toEqual(await numbers.collect());
    expect(await numbers.union(numbers.map((n) => -n)).count()).toBe(40);
    expect(
      await numbers
        .zipWithIndex()
        .map(([n, i]) => n - i)
        .distinct()
        .collect(),
    ).toEqual([0]);
  });

  it('gives records of every kind back as they were', async () => {
    const { sparkContext } = await engine.start();
    const records = [
      1.5,
      -7,
      2 ** 53,
      12345678901234567890n,
      'é, 漢, 🔥',
      '',
      true,
      null,
      undefined,
      new Date(86_400_000),
      Uint8Array.of(1, 2, 3),
      [1, [2, 'x']],
      { a: 1, b: { c: [null] } },
      new Map([['k', 1]]),
      new Set([1, 2]),
      Number.NaN,
      Number.POSITIVE_INFINITY,
    ];
    const rdd = sparkContext.parallelize(records, 4);
    expect(await rdd.collect()).toEqual(records);
    const moved = await rdd
      .zipWithIndex()
      .map(([record, index]) => [index, record])
      .repartition(3)
      .collect();
    expect((moved as [number, unknown][]).toSorted((a, b) => a[0] - b[0]).map(([, record]) => record)).toEqual(records);
  });

  it('combines by key', async () => {
    const { sparkContext } = await engine.start();
    const pairs = sparkContext
      .range(0, 100, 1, 5)
      .map((n): [string, number] => [n % 3 === 0 ? 'fizz' : `n${n % 2}`, n]);
    const sums = { fizz: 0, n0: 0, n1: 0 };
    for (let n = 0; n < 100; n++) sums[n % 3 === 0 ? 'fizz' : n % 2 === 0 ? 'n0' : 'n1'] += n;
    const byKey = sorted(Object.entries(sums));
    const add = (a: number, b: number) => a + b;
    expect(sorted(await pairs.reduceByKey((a, b) => a + b).collect())).toEqual(byKey);
    expect(sorted(await pairs.foldByKey(0, (a, b) => a + b, { numPartitions: 2 }).collect())).toEqual(byKey);
    expect(
      sorted(
        await pairs
          .groupByKey()
          .mapValues((values) => values.reduce((a, b) => a + b, 0))
          .collect(),
      ),
    ).toEqual(byKey);
    const counted = await pairs
      .aggregateByKey(
        { sum: 0 },
        (state, n) => ({ sum: state.sum + n }),
        (a, b) => ({ sum: a.sum + b.sum }),
      )
      .collectAsMap();
    expect([...counted].map(([key, { sum }]) => [key, sum]).toSorted()).toEqual(byKey);
    const lists = pairs.combineByKey(
      (n) => [n],
      (list, n) => [...list, n],
      (a, b) => [...a, ...b],
    );
    expect((await lists.collect()).map(([key, list]) => [key, list.reduce(add)]).toSorted()).toEqual(byKey);
    expect(await pairs.countByKey()).toEqual(
      new Map(
        [
          ['fizz', 34],
          ['n0', 33],
          ['n1', 33],
        ].sort() as [string, number][],
      ),
    );
    expect(await pairs.keys().distinct().count()).toBe(3);
    expect(await pairs.flatMapValues((n) => (n < 2 ? [n, n] : [])).collect()).toEqual([
      ['fizz', 0],
      ['fizz', 0],
      ['n1', 1],
      ['n1', 1],
    ]);
  });

  it('takes keys that are arrays and objects by their content', async () => {
    const { sparkContext } = await engine.start();
    const visits = sparkContext.parallelize(
      [
        ['de', 'phone'],
        ['at', 'tv'],
        ['de', 'phone'],
        ['de', 'tv'],
      ],
      3,
    );
    const counts = await visits
      .map((visit): [string[], number] => [visit, 1])
      .reduceByKey((a, b) => a + b)
      .collect();
    expect(sorted(counts)).toEqual([
      [['at', 'tv'], 1],
      [['de', 'phone'], 2],
      [['de', 'tv'], 1],
    ]);
    const objects = sparkContext.parallelize(
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
        { a: 2, b: 1 },
      ],
      3,
    );
    expect(await objects.distinct().count()).toBe(2);
    expect([...(await visits.countByValue()).entries()].find(([key]) => key[1] === 'phone')?.[1]).toBe(2);
  });

  it('joins', async () => {
    const { sparkContext } = await engine.start();
    const left = sparkContext.parallelize<[string, number]>(
      [
        ['a', 1],
        ['a', 2],
        ['b', 3],
        ['c', 4],
      ],
      3,
    );
    const right = sparkContext.parallelize<[string, string]>(
      [
        ['a', 'x'],
        ['c', 'y'],
        ['c', 'z'],
        ['d', 'w'],
      ],
      2,
    );
    expect(sorted(await left.join(right).collect())).toEqual([
      ['a', [1, 'x']],
      ['a', [2, 'x']],
      ['c', [4, 'y']],
      ['c', [4, 'z']],
    ]);
    expect(await left.leftOuterJoin(right).count()).toBe(5);
    expect(await left.rightOuterJoin(right).count()).toBe(5);
    expect(
      await left
        .fullOuterJoin(right)
        .filter(([, [, w]]) => w === undefined)
        .collect(),
    ).toEqual([['b', [3, undefined]]]);
    expect(await left.subtractByKey(right).collect()).toEqual([['b', 3]]);
    const grouped = await left.cogroup(right).collectAsMap();
    expect(grouped.get('a')).toEqual([[1, 2], ['x']]);
    expect(grouped.get('d')).toEqual([[], ['w']]);
  });

  it('sorts over all partitions', async () => {
    const { sparkContext } = await engine.start();
    const values = Array.from({ length: 1_000 }, (_, i) => (i * 7919) % 1_009);
    const rdd = sparkContext.parallelize(values, 4);
    const ascending = values.toSorted((a, b) => a - b);
    const byNumber = rdd.sortBy((n) => n, { numPartitions: 5 });
    expect(await byNumber.collect()).toEqual(ascending);
    const sizes = (await byNumber.glom().collect()).map((part) => part.length);
    expect(sizes).toHaveLength(5);
    expect(Math.min(...sizes)).toBeGreaterThan(50);
    expect(await rdd.sortBy((n) => n, { ascending: false }).collect()).toEqual(ascending.toReversed());
    const names = rdd.map((n): [string, number] => [`k${n}`, n]).sortByKey();
    expect(await names.keys().collect()).toEqual(values.map((n) => `k${n}`).toSorted((a, b) => (a < b ? -1 : 1)));
  });

  it('answers actions', async () => {
    const session = await engine.start();
    const { sparkContext } = session;
    const numbers = sparkContext.range(1, 11, 1, 4);
    expect(await numbers.reduce((a, b) => a * b)).toBe(3_628_800);
    expect(await numbers.fold(0, (a, b) => a + b)).toBe(55);
    expect(
      await numbers.aggregate(
        '',
        (text, n) => text + n,
        (a, b) => a + b,
      ),
    ).toBe('12345678910');
    expect(await numbers.first()).toBe(1);
    expect(await numbers.take(7)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(await numbers.isEmpty()).toBe(false);
    expect(await sparkContext.emptyRDD().collect()).toEqual([]);
    expect(await sparkContext.emptyRDD<number>().fold(3, (a, b) => a + b)).toBe(3);
    await expect(sparkContext.emptyRDD<number>().reduce((a, b) => a + b)).rejects.toMatchObject({ code: 'KILN_EMPTY' });
    await expect(numbers.filter((n) => n > 99).first()).rejects.toMatchObject({ code: 'KILN_EMPTY' });
    const file = engine.path('seen');
    await numbers.foreachPartition(
      async (records, { path }) => {
        const { appendFile } = process.getBuiltinModule('node:fs/promises');
        for (const record of records) await appendFile(path, `${record}\n`);
      },
      { args: { path: file } },
    );
    expect(
      readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map(Number)
        .toSorted((a, b) => a - b),
    ).toEqual(await numbers.collect());
    const all: number[] = [];
    for await (const n of numbers.toLocalIterator()) all.push(n);
    expect(all).toEqual(await numbers.collect());
    const endless = sparkContext.range(0, 8, 1, 8).mapPartitionsWithIndex((index, records) => {
      while (index > 0);
      return records;
    });
    for await (const n of endless.toLocalIterator()) {
      expect(n).toBe(0);
      break;
    }
    await expectNothingRuns(session);
  });

  it('reads text files by splits and writes them', async () => {
    const { sparkContext } = await engine.start();
    const lines = Array.from({ length: 999 }, (_, i) => `line ${i} ${'ü'.repeat(i % 50)}`);
    writeFileSync(engine.path('in.txt'), lines.join('\n'));
    const read: RDD<string> = sparkContext.textFile(engine.path('in.txt'), 7);
    expect(await read.getNumPartitions()).toBe(7);
    expect(await read.collect()).toEqual(lines);
    const out = engine.path('out');
    expect(await read.filter((line) => line.length < 20).saveAsTextFile(out)).toMatchObject({ files: 7 });
    expect(readdirSync(out).filter((name) => name.startsWith('part-'))).toHaveLength(7);
    expect(existsSync(engine.path('out', '_SUCCESS'))).toBe(true);
    expect(await sparkContext.textFile(out).collect()).toEqual(lines.filter((line) => line.length < 20));
    await expect(read.saveAsTextFile(out)).rejects.toMatchObject({ code: 'KILN_OUTPUT_EXISTS' });
    await expect(sparkContext.textFile(engine.path('none')).collect()).rejects.toMatchObject({
      code: 'KILN_SOURCE_NOT_FOUND',
    });
    await sparkContext.parallelize([{ a: 1n }, [1], 'x'], 1).saveAsTextFile(engine.path('json'));
    expect(await sparkContext.textFile(engine.path('json')).collect()).toEqual(['{"a":"1"}', '[1]', 'x']);
  });
});
