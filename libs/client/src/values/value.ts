/**
 * What a SQL value is in JavaScript. The schema decides, never the value, and nothing is lost:
 *
 * | SQL | JavaScript |
 * |---|---|
 * | BOOLEAN | `boolean` |
 * | TINYINT, SMALLINT, INT, FLOAT, DOUBLE | `number` |
 * | BIGINT | `bigint` |
 * | DECIMAL(p,s) | `string` with exactly s fractional digits: `'12.50'` |
 * | STRING | `string` |
 * | BINARY | `Uint8Array` |
 * | DATE | `string`: `'2026-08-31'` |
 * | TIMESTAMP | `string` in UTC with microseconds: `'2026-08-31T12:00:00.000000Z'` |
 * | TIMESTAMP_NTZ | the same without the `Z` |
 * | INTERVAL YEAR TO MONTH | `number` of months |
 * | INTERVAL DAY TO SECOND | `bigint` of microseconds |
 * | ARRAY | array |
 * | MAP | `Map` |
 * | STRUCT | {@link Row} |
 *
 * NULL is `null`. The reasons are in `docs/decisions/0010-values.md`.
 */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly Value[]
  | ReadonlyMap<Value, Value>
  | Row;

/**
 * One row: a plain object by column name, in which `JSON.stringify` loses no digit.
 * By position it is iterable (`const [first, second] = row`), which also reaches the
 * second of two columns with one name; by name the first of them is found.
 */
export interface Row extends Iterable<Value> {
  readonly [column: string]: Value;
}

/** A row whose columns the caller vouches for: `session.sql<{ state: string; flights: bigint }>(...)`. */
export type RowOf<T extends object> = T & Iterable<Value>;
