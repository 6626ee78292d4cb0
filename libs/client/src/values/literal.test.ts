import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDataType } from '../types/parse-type.ts';
import { type LiteralValue, literal, typedLiteral } from './literal.ts';

const show = (value: LiteralValue) => {
  const expression = literal(value);
  return expression.type === 'literal' ? `${expression.value} ${expression.dataType.type}` : expression.type;
};

describe('literals', () => {
  test.each<[LiteralValue, string]>([
    [1, '1 integer'],
    [2 ** 31, '2147483648 long'],
    [1.5, '1.5 double'],
    [-0, '-0.0 double'],
    [1e300, '1e+300 double'],
    [Number.NaN, 'NaN double'],
    [5n, '5 long'],
    [2n ** 64n, '18446744073709551616 decimal'],
    [true, 'true boolean'],
    ['a', 'a string'],
    [null, 'null null'],
    [Uint8Array.of(1, 255), '01ff binary'],
    [new Date(0), '1970-01-01T00:00:00.000Z timestamp'],
    [[1, 2], 'unresolved-function'],
  ])('%o is %s', (value, expected) => expect(show(value)).toBe(expected));

  test.each<[LiteralValue, string, string]>([
    ['1.5', 'decimal(10,2)', '1.50'],
    ['-0.10', 'decimal(3,1)', '-0.1'],
    [1, 'decimal(10,2)', '1.00'],
    [5, 'bigint', '5'],
    ['2026-08-31', 'date', '2026-08-31'],
    [new Date(0), 'date', '1970-01-01'],
    ['2026-08-31T12:00:00.000001Z', 'timestamp', '2026-08-31T12:00:00.000001Z'],
  ])('%o as %s', (value, type, expected) => {
    expect(typedLiteral(value, parseDataType(type), 'x')).toMatchObject({ type: 'literal', value: expected });
  });

  test.each<[LiteralValue, string]>([
    [1.5, 'bigint'],
    [128, 'tinyint'],
    [2n ** 63n, 'bigint'],
    ['1.555', 'decimal(10,2)'],
    [100, 'decimal(3,1)'],
    ['1', 'int'],
    [1, 'string'],
    ['yesterday', 'date'],
    [{ a: 1 }, 'array<int>'],
    ['2026-08-31T12:00:00Z', 'timestamp_ntz'],
  ])('%o does not become a wrong %s', (value, type) => {
    expect(() => typedLiteral(value, parseDataType(type), 'row 0, column x')).toThrow(
      /^row 0, column x: .* is not a value of type/,
    );
  });

  test('decimals keep their value', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }),
        fc.integer({ min: 0, max: 10 }),
        (unscaled, scale) => {
          const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
          const text = `${unscaled < 0n ? '-' : ''}${scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`}`;
          expect(typedLiteral(text, { type: 'decimal', precision: 38, scale }, 'x')).toMatchObject({ value: text });
        },
      ),
    );
  });
});
