import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { hashBytes, hashInt, hashKey, partitionOf, sparkSeed } from './hash.ts';

interface GoldenColumn {
  readonly type: string;
  readonly values: readonly (string | null)[];
  readonly hashes: readonly number[];
}

const golden = JSON.parse(
  readFileSync(new URL('../../../../native/shuffle/tests/golden/spark_hash.json', import.meta.url), 'utf8'),
) as { readonly columns: readonly GoldenColumn[] };

const doubleOf = (hex: string) => Buffer.from(hex, 'hex').readDoubleBE();

/** What a value of a SQL type is as a key, or its hash where JavaScript has no such type. */
const hashOf: Readonly<Record<string, (value: string) => number>> = {
  boolean: (value) => hashKey(value === 'true'),
  int: (value) => hashInt(Number(value), sparkSeed),
  long: (value) => hashKey(BigInt(value)),
  timestamp: (value) => hashKey(BigInt(value)),
  double: (value) => hashDouble(doubleOf(value)),
  string: (value) => hashKey(value),
  binary: (value) => hashKey(Buffer.from(value, 'hex')),
};

/** An integral number is a long: as Spark's double it is hashed by its bits. */
function hashDouble(value: number): number {
  return Number.isInteger(value) && Math.abs(value) < 2 ** 63 ? Number.NaN : hashKey(value);
}

describe("a key's hash", () => {
  it.each(golden.columns.filter(({ type }) => type in hashOf))(
    'is what Spark answers for $type',
    ({ type, values, hashes }) => {
      const found = values.map((value) => (value === null ? hashKey(null) : hashOf[type]?.(value)));
      const expected = found.map((hash, i) => (Number.isNaN(hash) ? hash : hashes[i]));
      expect(found).toEqual(expected);
      expect(found.filter((hash) => !Number.isNaN(hash)).length).toBeGreaterThan(values.length / 2);
    },
  );

  it('takes an integral number for a long', () => {
    const { values, hashes } = golden.columns.find(({ type }) => type === 'long') as GoldenColumn;
    const safe = values.flatMap((value, i) => (value !== null && Number.isSafeInteger(Number(value)) ? [i] : []));
    expect(safe.length).toBeGreaterThan(3);
    expect(safe.map((i) => hashKey(Number(values[i])))).toEqual(safe.map((i) => hashes[i]));
    expect(hashKey(-0)).toBe(hashKey(0));
    expect(hashKey(Number.NaN)).toBe(hashKey(-Number.NaN));
    expect(hashKey(2 ** 62)).toBe(hashKey(2n ** 62n));
    expect(hashKey(-(2 ** 63))).toBe(hashKey(-(2n ** 63n)));
  });

  it('of fields is that of each with the one before as its seed', () => {
    expect(hashKey(['a', 1])).toBe(hashKey(1, hashKey('a')));
    expect(hashKey({ b: 1, a: 'a' })).toBe(hashKey(['a', 1]));
    expect(hashKey([null, undefined])).toBe(sparkSeed);
    expect(hashKey('ü'.repeat(40))).toBe(hashBytes(Buffer.from('ü'.repeat(40)), sparkSeed));
    expect(() => hashKey(() => 1)).toThrow(TypeError);
  });

  it('gives a partition that is never negative', () => {
    expect([-7, -1, 0, 1, 7].map((hash) => partitionOf(hash, 3))).toEqual([2, 2, 0, 1, 1]);
  });
});
