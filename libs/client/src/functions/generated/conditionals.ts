/** NULLs and choices; `when` and `not` stand beside these. Generated from scripts/functions/conditionals.ts by `npm run gen`. */
import { Column, type ColumnOrName, functionExpression, toExpression } from '../../column/column.ts';

/** The first that is not NULL. */
export function coalesce(...columns: readonly ColumnOrName[]): Column {
  return new Column(functionExpression('coalesce', [...columns.map(toExpression)]));
}
/** `fallback` where it is NULL. */
export function nvl(column: ColumnOrName, fallback: ColumnOrName): Column {
  return new Column(functionExpression('nvl', [toExpression(column), toExpression(fallback)]));
}
/** `fallback` where it is NULL. */
export function ifnull(column: ColumnOrName, fallback: ColumnOrName): Column {
  return new Column(functionExpression('ifnull', [toExpression(column), toExpression(fallback)]));
}
/** One of two values, by whether it is NULL. */
export function nvl2(column: ColumnOrName, notNull: ColumnOrName, isNull: ColumnOrName): Column {
  return new Column(functionExpression('nvl2', [toExpression(column), toExpression(notNull), toExpression(isNull)]));
}
/** NULL where both are equal. */
export function nullif(column: ColumnOrName, other: ColumnOrName): Column {
  return new Column(functionExpression('nullif', [toExpression(column), toExpression(other)]));
}
/** Whether it is NULL. */
export function isnull(column: ColumnOrName): Column {
  return new Column(functionExpression('isnull', [toExpression(column)]));
}
/** Whether it is not NULL. */
export function isnotnull(column: ColumnOrName): Column {
  return new Column(functionExpression('isnotnull', [toExpression(column)]));
}
/** Whether it is NaN. */
export function isnan(column: ColumnOrName): Column {
  return new Column(functionExpression('isnan', [toExpression(column)]));
}
/** The greatest, NULLs left out. */
export function greatest(...columns: readonly ColumnOrName[]): Column {
  return new Column(functionExpression('greatest', [...columns.map(toExpression)]));
}
/** The least, NULLs left out. */
export function least(...columns: readonly ColumnOrName[]): Column {
  return new Column(functionExpression('least', [...columns.map(toExpression)]));
}
