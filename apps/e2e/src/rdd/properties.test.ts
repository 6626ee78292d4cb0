import type { RDD, Session } from '@kiln/client';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { expectNothingRuns, TestEngine } from '../support/engine.ts';

type Pair = [key: number | string, value: number];

/** A step of a program, on an RDD and on an array. `keepsOrder`: records come in the order of the array. */
interface Step {
  readonly name: string;
  readonly keepsOrder: boolean;
  readonly rdd: (rdd: RDD<Pair>, n: number) => RDD<Pair>;
  readonly array: (all: readonly Pair[], n: number) => Pair[];
}

function grouped(all: readonly Pair[]): Map<number | string, number[]> {
  const groups = new Map<number | string, number[]>();
  for (const [key, value] of all) groups.set(key, [...(groups.get(key) ?? []), value]);
  return groups;
}

const byKey = (all: readonly Pair[], of: (values: readonly number[]) => number): Pair[] =>
  [...grouped(all)].map(([key, values]): Pair => [key, of(values)]);

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

const order = (a: Pair, b: Pair) => {
  const [x, y] = [a[0], b[0]];
  if (typeof x !== typeof y) return typeof x === 'number' ? -1 : 1;
  return x < y ? -1 : x > y ? 1 : 0;
};

const steps: readonly Step[] = [
  {
    name: 'map',
    keepsOrder: true,
    rdd: (rdd, n) => rdd.map(([key, value], by): Pair => [key, value + by], { args: n }),
    array: (all, n) => all.map(([key, value]) => [key, value + n]),
  },
  {
    name: 'filter',
    keepsOrder: true,
    rdd: (rdd) => rdd.filter(([, value]) => value % 3 !== 0),
    array: (all) => all.filter(([, value]) => value % 3 !== 0),
  },
  {
    name: 'flatMap',
    keepsOrder: true,
    rdd: (rdd) =>
      rdd.flatMap(([key, value]): Pair[] =>
        value % 2 === 0
          ? [
              [key, value],
              [`${key}`, 1],
            ]
          : [],
      ),
    array: (all) =>
      all.flatMap(([key, value]): Pair[] =>
        value % 2 === 0
          ? [
              [key, value],
              [`${key}`, 1],
            ]
          : [],
      ),
  },
  {
    name: 'mapPartitions',
    keepsOrder: true,
    rdd: (rdd) =>
      rdd.mapPartitions(function* (records) {
        for (const [, value] of records) yield [value % 5, value] as Pair;
      }),
    array: (all) => all.map(([, value]) => [value % 5, value]),
  },
  { name: 'coalesce', keepsOrder: true, rdd: (rdd, n) => rdd.coalesce(n), array: (all) => [...all] },
  { name: 'repartition', keepsOrder: false, rdd: (rdd, n) => rdd.repartition(n), array: (all) => [...all] },
  { name: 'partitionBy', keepsOrder: false, rdd: (rdd, n) => rdd.partitionBy(n), array: (all) => [...all] },
  { name: 'union', keepsOrder: true, rdd: (rdd) => rdd.union(rdd), array: (all) => [...all, ...all] },
  {
    name: 'reduceByKey',
    keepsOrder: false,
    rdd: (rdd, n) => rdd.reduceByKey((a, b) => a + b, { numPartitions: n }),
    array: (all) => byKey(all, sum),
  },
  {
    name: 'groupByKey',
    keepsOrder: false,
    rdd: (rdd) => rdd.groupByKey().mapValues((values) => values.length * 10),
    array: (all) => byKey(all, (values) => values.length * 10),
  },
  {
    name: 'aggregateByKey',
    keepsOrder: false,
    rdd: (rdd) =>
      rdd.aggregateByKey(
        0,
        (most, value) => Math.max(most, value),
        (a, b) => Math.max(a, b),
      ),
    array: (all) => byKey(all, (values) => Math.max(0, ...values)),
  },
  {
    name: 'distinct',
    keepsOrder: false,
    rdd: (rdd, n) => rdd.distinct({ numPartitions: n }),
    array: (all) => [...new Map(all.map((pair) => [JSON.stringify(pair), pair])).values()],
  },
  {
    name: 'join',
    keepsOrder: false,
    rdd: (rdd, n) =>
      rdd.join(rdd.reduceByKey((a, b) => Math.max(a, b), { numPartitions: n })).mapValues(([a, b]) => a - b),
    array: (all) => {
      const most = new Map(byKey(all, (values) => Math.max(...values)));
      return all.map(([key, value]) => [key, value - (most.get(key) ?? 0)]);
    },
  },
  {
    name: 'subtractByKey',
    keepsOrder: false,
    rdd: (rdd) => rdd.subtractByKey(rdd.filter(([, value]) => value > 20)),
    array: (all) => {
      const gone = new Set(all.filter(([, value]) => value > 20).map(([key]) => key));
      return all.filter(([key]) => !gone.has(key));
    },
  },
  {
    name: 'sortByKey',
    keepsOrder: true,
    rdd: (rdd, n) => rdd.reduceByKey((a, b) => a + b).sortByKey({ numPartitions: n }),
    array: (all) => byKey(all, sum).toSorted(order),
  },
];

const engine = new TestEngine();
const pairs = fc.array(fc.tuple(fc.oneof(fc.nat(12), fc.constantFrom('a', 'b', 'ü')), fc.nat(40)), { maxLength: 40 });
const program = fc.array(fc.tuple(fc.nat(steps.length - 1), fc.integer({ min: 1, max: 4 })), { maxLength: 5 });

describe('a program of RDDs', () => {
  let session: Session;
  beforeEach(async () => {
    session = await engine.start();
  });

  it('gives what arrays give', async () => {
    await fc.assert(
      fc.asyncProperty(pairs, fc.integer({ min: 1, max: 4 }), program, async (data, slices, chosen) => {
        let rdd: RDD<Pair> = session.sparkContext.parallelize(data, slices);
        let array: Pair[] = [...data];
        let isOrdered = true;
        for (const [index, n] of chosen) {
          const step = steps[index] as Step;
          rdd = step.rdd(rdd, n);
          array = step.array(array, n);
          isOrdered = step.name === 'sortByKey' || (isOrdered && step.keepsOrder);
        }
        const text = (all: readonly Pair[]) => all.map((pair) => JSON.stringify(pair));
        const [found, expected] = [text(await rdd.collect()), text(array)];
        expect(isOrdered ? found : found.toSorted()).toEqual(isOrdered ? expected : expected.toSorted());
        expect(await rdd.count()).toBe(array.length);
      }),
      { numRuns: 40 },
    );
    await expectNothingRuns(session);
  });
});
