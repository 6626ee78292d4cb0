import type { DataType, Relation, StructField } from '@kiln/contracts';
import { clientError } from '../errors.ts';
import { parseSchema } from '../types/parse-type.ts';
import { type LiteralValue, literal, typedLiteral } from '../values/literal.ts';

/** A row for `createDataFrame`: an object by column name, or an array by position. */
export type RowInput = { readonly [column: string]: LiteralValue | undefined } | readonly LiteralValue[];

/**
 * Rows from JavaScript as a relation. Without a schema the columns are the keys of the first row, and a column's type comes
 * from its first value that is not null, so that `collect` gives back what was put in: `number` is DOUBLE, `bigint` BIGINT,
 * `Date` TIMESTAMP. With a schema every value is checked against it.
 */
export function localRelation(
  rows: readonly RowInput[],
  schema?: string | readonly StructField[] | readonly string[],
): Relation {
  const fields = typeof schema === 'string' ? parseSchema(schema) : isFields(schema) ? schema : undefined;
  const names = fields?.map((field) => field.name) ?? (schema as readonly string[] | undefined) ?? columnsOf(rows);
  const cells = rows.map((row, index) => cellsOf(row, names, index));
  const types = fields?.map((field) => field.dataType) ?? names.map((_, column) => inferType(cells, column));
  const relation: Relation = {
    type: 'local-relation',
    rows: (cells.length > 0 ? cells : [[]]).map((row, index) =>
      types.map((type, column) => toLiteral(row[column], type, `row ${index}, column ${names[column]}`)),
    ),
    columnNames: names,
    fields: null,
    columnIds: null,
  };
  // Only a row has types: none at all is the first zero of one row of NULLs.
  return cells.length > 0 ? relation : { type: 'limit', input: relation, limit: literal(0) };
}

/** `null` as a type: what a literal of the value itself says. */
function toLiteral(value: LiteralValue | undefined, type: DataType | null, place: string) {
  return type === null ? literal(value ?? null) : typedLiteral(value, type, place);
}

function columnsOf(rows: readonly RowInput[]): readonly string[] {
  const [first] = rows;
  if (first === undefined)
    throw clientError('KILN_ARGUMENT', 'createDataFrame needs rows or a schema.', {
      hint: "Give a schema: createDataFrame([], 'id bigint, name string').",
    });
  return Array.isArray(first) ? first.map((_, index) => `_${index + 1}`) : Object.keys(first);
}

function cellsOf(row: RowInput, names: readonly string[], index: number): readonly (LiteralValue | undefined)[] {
  if (!Array.isArray(row))
    return names.map((name) => (row as { readonly [column: string]: LiteralValue | undefined })[name]);
  if (row.length !== names.length) {
    throw clientError(
      'KILN_VALUE',
      `row ${index} has ${row.length} values; there are ${names.length} columns (${names.join(', ')}).`,
    );
  }
  return row;
}

function inferType(cells: readonly (readonly (LiteralValue | undefined)[])[], column: number): DataType | null {
  const value = cells.map((row) => row[column]).find((cell) => cell !== null && cell !== undefined);
  if (value === undefined) return { type: 'null' };
  switch (typeof value) {
    case 'boolean':
      return { type: 'boolean' };
    case 'number':
      return { type: 'double' };
    case 'bigint':
      return { type: 'long' };
    case 'string':
      return { type: 'string' };
    default:
      if (value instanceof Date) return { type: 'timestamp' };
      if (value instanceof Uint8Array) return { type: 'binary' };
      return null;
  }
}

function isFields(schema: readonly StructField[] | readonly string[] | undefined): schema is readonly StructField[] {
  return schema !== undefined && typeof schema[0] === 'object';
}
