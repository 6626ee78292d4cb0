import { describe, expectTypeOf, it } from 'vitest';
import type { RDD } from './rdd.ts';
import type { SparkContext } from './spark-context.ts';

// Looked at by the compiler only (`tsc -p tsconfig.tests.json`): nothing here is run.
const never = () => false;
declare const sparkContext: SparkContext;

describe('types of RDDs', () => {
  it('follow the functions', () => {
    if (!never()) return;
    const lines = sparkContext.textFile('x');
    expectTypeOf(lines).toEqualTypeOf<RDD<string>>();
    const pairs = lines.flatMap((line) => line.split(' ')).map((word): [string, number] => [word, 1]);
    expectTypeOf(pairs.reduceByKey((a, b) => a + b)).toEqualTypeOf<RDD<[string, number]>>();
    expectTypeOf(pairs.groupByKey()).toEqualTypeOf<RDD<[string, number[]]>>();
    expectTypeOf(pairs.mapValues((n) => n > 1)).toEqualTypeOf<RDD<[string, boolean]>>();
    expectTypeOf(pairs.keys().collect()).resolves.toEqualTypeOf<string[]>();
    expectTypeOf(pairs.join(pairs.mapValues(String))).toEqualTypeOf<RDD<[string, [number, string]]>>();
    expectTypeOf(pairs.leftOuterJoin(pairs)).toEqualTypeOf<RDD<[string, [number, number | undefined]]>>();
    expectTypeOf(pairs.collectAsMap()).resolves.toEqualTypeOf<Map<string, number>>();
    expectTypeOf(lines.map((line, { n }) => line.length * n, { args: { n: 2 } })).toEqualTypeOf<RDD<number>>();
    expectTypeOf(lines.keyBy((line) => line.length)).toEqualTypeOf<RDD<[number, string]>>();
  });

  it('have operations by key for pairs only', () => {
    if (!never()) return;
    const numbers = sparkContext.range(10);
    // @ts-expect-error numbers are no pairs
    numbers.reduceByKey((a: number, b: number) => a + b);
    // @ts-expect-error texts are no pairs
    sparkContext.textFile('x').groupByKey();
    // @ts-expect-error triples are no pairs
    numbers.map((n): [number, number, number] => [n, n, n]).sortByKey();
    // @ts-expect-error keys of another type do not meet
    numbers.keyBy((n) => n).join(numbers.keyBy(String));
    // @ts-expect-error args are what is given
    numbers.map((n, { k }) => n + k, { args: { j: 1 } });
  });
});
