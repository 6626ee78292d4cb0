/** Ranking and neighbours: only with `.over(window)`. Generated from scripts/functions/windows.ts by `npm run gen`. */
import {
  Column,
  type ColumnOrName,
  type ColumnOrValue,
  functionExpression,
  toExpression,
  valueExpression,
} from '../../column/column.ts';

/** Number of the row in its window, from 1. */
export function row_number(): Column {
  return new Column(functionExpression('row_number', []));
}
/** Rank with gaps after ties. */
export function rank(): Column {
  return new Column(functionExpression('rank', []));
}
/** Rank without gaps. */
export function dense_rank(): Column {
  return new Column(functionExpression('dense_rank', []));
}
/** Rank from 0 to 1. */
export function percent_rank(): Column {
  return new Column(functionExpression('percent_rank', []));
}
/** Share of rows at or before this one. */
export function cume_dist(): Column {
  return new Column(functionExpression('cume_dist', []));
}
/** Number of the bucket, of `buckets` about equal ones. */
export function ntile(buckets: ColumnOrValue): Column {
  return new Column(functionExpression('ntile', [valueExpression(buckets)]));
}
/** The value `offset` rows before (1), or `fallback` (NULL). */
export function lag(column: ColumnOrName, offset?: ColumnOrValue, fallback?: ColumnOrValue): Column {
  return new Column(
    functionExpression('lag', [
      toExpression(column),
      ...(offset === undefined ? [] : [valueExpression(offset)]),
      ...(fallback === undefined ? [] : [valueExpression(fallback)]),
    ]),
  );
}
/** The value `offset` rows after (1), or `fallback` (NULL). */
export function lead(column: ColumnOrName, offset?: ColumnOrValue, fallback?: ColumnOrValue): Column {
  return new Column(
    functionExpression('lead', [
      toExpression(column),
      ...(offset === undefined ? [] : [valueExpression(offset)]),
      ...(fallback === undefined ? [] : [valueExpression(fallback)]),
    ]),
  );
}
/** The value of the n-th row of the frame. */
export function nth_value(column: ColumnOrName, n: ColumnOrValue): Column {
  return new Column(functionExpression('nth_value', [toExpression(column), valueExpression(n)]));
}
