import type { DataType, StructField } from '@kiln/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arrowStream, type Stored } from '../test-support/arrow-stream.ts';
import { parseSchema } from '../types/parse-type.ts';
import { decodeRows } from './decode.ts';
import type { Value } from './value.ts';

/** A type with a generator of stored values and what each must become. */
interface Sample {
  readonly type: DataType;
  readonly stored: fc.Arbitrary<Stored>;
  readonly expected: (stored: Stored) => Value;
}

const same = (stored: Stored) => stored as Value;
const simple = (name: string, stored: fc.Arbitrary<Stored>, expected: (stored: Stored) => Value = same): Sample => ({
  type: parseSchema(`x ${name}`)[0]!.dataType,
  stored,
  expected,
});
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

const scalars: Sample[] = [
  simple('boolean', fc.boolean()),
  simple('tinyint', fc.integer({ min: -128, max: 127 })),
  simple('smallint', fc.integer({ min: -32768, max: 32767 })),
  simple('int', fc.integer()),
  simple('bigint', int64),
  simple('float', fc.float()),
  simple('double', fc.double()),
  simple('string', fc.string({ unit: 'grapheme' })),
  simple('binary', fc.uint8Array()),
  simple('decimal(38,10)', fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }), (stored) => {
    const digits = String(stored).replace('-', '').padStart(11, '0');
    return `${(stored as bigint) < 0n ? '-' : ''}${digits.slice(0, -10)}.${digits.slice(-10)}`;
  }),
  // JavaScript's own calendar is the judge, within the years it can print in the same form.
  simple('date', fc.integer({ min: -719162, max: 2932896 }), (stored) =>
    new Date((stored as number) * 86_400_000).toISOString().slice(0, 10),
  ),
  ...['timestamp', 'timestamp_ntz'].map((name) =>
    simple(name, fc.bigInt({ min: -62135596800000000n, max: 253402300799999999n }), (stored) => {
      const micros = stored as bigint;
      const millis = new Date(Number((micros - (((micros % 1000n) + 1000n) % 1000n)) / 1000n)).toISOString();
      const text = `${millis.slice(0, -1)}${String(((micros % 1000n) + 1000n) % 1000n).padStart(3, '0')}`;
      return name === 'timestamp' ? `${text}Z` : text;
    }),
  ),
  { type: { type: 'year-month-interval' }, stored: fc.integer(), expected: same },
  { type: { type: 'day-time-interval' }, stored: int64, expected: same },
];

const orNull = ({ type, stored, expected }: Sample): Sample => ({
  type,
  stored: fc.option(stored, { nil: null }),
  expected: (value) => (value === null ? null : expected(value)),
});

const nested = (depth: number): fc.Arbitrary<Sample> => {
  const scalar = fc.constantFrom(...scalars);
  if (depth === 0) return scalar;
  const inner = nested(depth - 1).map(orNull);
  return fc.oneof(
    scalar,
    inner.map(
      (element): Sample => ({
        type: { type: 'array', element: element.type, containsNull: true },
        stored: fc.array(element.stored, { maxLength: 4 }),
        expected: (stored) => (stored as readonly Stored[]).map(element.expected),
      }),
    ),
    inner.map(
      (value): Sample => ({
        type: { type: 'map', key: { type: 'string' }, value: value.type, valueContainsNull: true },
        stored: fc
          .uniqueArray(fc.tuple(fc.string(), value.stored), { maxLength: 4, selector: ([key]) => key })
          .map((entries) => ({ entries })),
        expected: (stored) =>
          new Map(
            (stored as { entries: [string, Stored][] }).entries.map(([key, item]) => [key, value.expected(item)]),
          ),
      }),
    ),
    fc.array(inner, { minLength: 1, maxLength: 3 }).map(
      (members): Sample => ({
        type: {
          type: 'struct',
          fields: members.map((member, i) => ({ name: `f${i}`, dataType: member.type, nullable: true })),
        },
        stored: fc.tuple(...members.map((member) => member.stored)),
        expected: (stored) =>
          Object.fromEntries(
            members.map((member, i) => [`f${i}`, member.expected((stored as Stored[])[i]!)]),
          ) as unknown as Value,
      }),
    ),
  );
};

describe('decodeRows', () => {
  test('gives every value of every type back, through another Arrow library', () => {
    const tables = fc
      .array(nested(2).map(orNull), { minLength: 1, maxLength: 4 })
      .chain((columns) =>
        fc
          .array(fc.array(fc.tuple(...columns.map((column) => column.stored)), { maxLength: 9 }), { maxLength: 3 })
          .map((batches) => ({ columns, batches })),
      );
    fc.assert(
      fc.property(tables, ({ columns, batches }) => {
        const fields: StructField[] = columns.map((column, i) => ({
          name: `c${i}`,
          dataType: column.type,
          nullable: true,
        }));
        const rows = [...decodeRows(arrowStream(fields, batches), fields)];
        const expected = batches.flat().map((row) => row.map((value, i) => columns[i]!.expected(value)));
        expect(rows.map((row) => [...row])).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  test('types decide, not values', () => {
    const fields = parseSchema('i int, b bigint, d decimal(10,2), t timestamp, day date, n timestamp_ntz');
    const [row] = decodeRows(arrowStream(fields, [[[1, 1n, 1250n, 0n, 0, -1n]]]), fields);
    expect(row).toEqual({
      i: 1,
      b: 1n,
      d: '12.50',
      t: '1970-01-01T00:00:00.000000Z',
      day: '1970-01-01',
      n: '1969-12-31T23:59:59.999999',
    });
  });

  test('days beyond what Date can print', () => {
    const fields = parseSchema('d date');
    const days = [2932897, -719529, -719893, 2 ** 31 - 1, -(2 ** 31)];
    const rows = [...decodeRows(arrowStream(fields, [days.map((day) => [day])]), fields)];
    expect(rows.map((row) => row['d'])).toEqual([
      '+10000-01-01',
      '-0001-12-31',
      '-0001-01-01',
      '+5881580-07-11',
      '-5877641-06-23',
    ]);
  });

  test('bytes that begin anywhere in their buffer', () => {
    const fields = parseSchema('b bigint');
    const stream = arrowStream(fields, [[[7n]]]);
    const shifted = new Uint8Array(stream.length + 3).subarray(3);
    shifted.set(stream);
    expect([...decodeRows(shifted, fields)]).toEqual([{ b: 7n }]);
  });

  test('a result that is not what the schema says', () => {
    const stream = arrowStream(parseSchema('b bigint'), [[[7n]]]);
    expect(() => [...decodeRows(stream, parseSchema('a bigint, b bigint'))]).toThrow(
      'The engine sent 1 columns where the schema has 2.',
    );
  });
});
