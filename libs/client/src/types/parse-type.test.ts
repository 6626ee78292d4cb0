import type { DataType } from '@kiln/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDataType, parseSchema } from './parse-type.ts';
import { schemaTree, typeText } from './type-text.ts';

const types: fc.Arbitrary<DataType> = fc.letrec<{ type: DataType }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<DataType>(
      ...(
        [
          'boolean',
          'byte',
          'short',
          'integer',
          'long',
          'float',
          'double',
          'string',
          'binary',
          'date',
          'timestamp',
          'timestamp-ntz',
          'null',
        ] as const
      ).map((type) => ({ type })),
      { type: 'year-month-interval' },
      { type: 'day-time-interval' },
      { type: 'year-month-interval', start: 'month' },
      { type: 'day-time-interval', end: 'day' },
      { type: 'day-time-interval', start: 'hour', end: 'minute' },
    ),
    fc
      .integer({ min: 1, max: 38 })
      .map((precision): DataType => ({ type: 'decimal', precision, scale: precision >> 1 })),
    tie('type').map((element): DataType => ({ type: 'array', element, containsNull: true })),
    tie('type').map((value): DataType => ({ type: 'map', key: { type: 'string' }, value, valueContainsNull: true })),
    fc.array(tie('type'), { maxLength: 3 }).map(
      (members): DataType => ({
        type: 'struct',
        fields: members.map((dataType, i) => ({ name: `f${i}`, dataType, nullable: true })),
      }),
    ),
  ),
})).type;

describe('types as text', () => {
  test('what is written is read again', () => {
    fc.assert(
      fc.property(types, (type) => {
        expect(parseDataType(typeText(type))).toEqual(type);
      }),
    );
  });

  test('a schema with everything', () => {
    expect(
      parseSchema("id BIGINT NOT NULL, `a.b` Decimal, s struct<x: int, y: array<varchar(3)>> COMMENT 'why'"),
    ).toEqual([
      { name: 'id', dataType: { type: 'long' }, nullable: false },
      { name: 'a.b', dataType: { type: 'decimal', precision: 10, scale: 0 }, nullable: true },
      { name: 's', dataType: parseDataType('struct<x int, y array<string>>'), nullable: true },
    ]);
  });

  test.each([
    ['a bigintt', 'In the type "a bigintt": "bigintt" is not a type.', 'Did you mean "bigint"?'],
    ['a decimal(40,2)', 'In the type "a decimal(40,2)": decimal(40,2) is out of range.', null],
    ['a array<int', 'In the type "a array<int": ">" was expected, not the end of the text.', null],
    ['a int b int', 'In the type "a int b int": "," or end of text was expected, not "b".', null],
    ['a int; b', 'In the type "a int; b": "; b" is not part of a type.', null],
  ])('%s', (text, message, hint) => {
    expect(() => parseSchema(text)).toThrow(expect.objectContaining({ code: 'KILN_TYPE_SYNTAX', message, hint }));
  });

  test('printSchema draws as Spark does', () => {
    expect(
      schemaTree(parseSchema('id bigint not null, tags array<string>, at struct<day: date, m: map<string,int>>')),
    ).toBe(
      `root
 |-- id: long (nullable = false)
 |-- tags: array (nullable = true)
 |    |-- element: string (containsNull = true)
 |-- at: struct (nullable = true)
 |    |-- day: date (nullable = true)
 |    |-- m: map (nullable = true)
 |    |    |-- key: string
 |    |    |-- value: integer (valueContainsNull = true)`,
    );
  });
});
