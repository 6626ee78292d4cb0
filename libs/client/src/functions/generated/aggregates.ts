/** Aggregates: for `agg`, and over a window. Generated from scripts/functions/aggregates.ts by `npm run gen`. */
import {
  Column,
  type ColumnOrName,
  type ColumnOrValue,
  functionExpression,
  toExpression,
  valueExpression,
} from '../../column/column.ts';

/** Sum; NULL for no rows. BIGINT for integers (an overflow is an error), else DOUBLE or DECIMAL. */
export function sum(column: ColumnOrName): Column {
  return new Column(functionExpression('sum', [toExpression(column)]));
}
/** Mean; DOUBLE, or DECIMAL with four more digits. */
export function avg(column: ColumnOrName): Column {
  return new Column(functionExpression('avg', [toExpression(column)]));
}
/** The same as {@link avg}. */
export function mean(column: ColumnOrName): Column {
  return new Column(functionExpression('mean', [toExpression(column)]));
}
/** Least value. */
export function min(column: ColumnOrName): Column {
  return new Column(functionExpression('min', [toExpression(column)]));
}
/** Greatest value. */
export function max(column: ColumnOrName): Column {
  return new Column(functionExpression('max', [toExpression(column)]));
}
/** First value met; which one that is may change between runs without an order. */
export function first(column: ColumnOrName, ignoreNulls?: ColumnOrValue): Column {
  return new Column(
    functionExpression('first', [
      toExpression(column),
      ...(ignoreNulls === undefined ? [] : [valueExpression(ignoreNulls)]),
    ]),
  );
}
/** Last value met; which one that is may change between runs without an order. */
export function last(column: ColumnOrName, ignoreNulls?: ColumnOrValue): Column {
  return new Column(
    functionExpression('last', [
      toExpression(column),
      ...(ignoreNulls === undefined ? [] : [valueExpression(ignoreNulls)]),
    ]),
  );
}
/** Some value. */
export function any_value(column: ColumnOrName, ignoreNulls?: ColumnOrValue): Column {
  return new Column(
    functionExpression('any_value', [
      toExpression(column),
      ...(ignoreNulls === undefined ? [] : [valueExpression(ignoreNulls)]),
    ]),
  );
}
/** Number of rows for which it holds. */
export function count_if(condition: ColumnOrName): Column {
  return new Column(functionExpression('count_if', [toExpression(condition)]));
}
/** The same as {@link stddev_samp}. */
export function stddev(column: ColumnOrName): Column {
  return new Column(functionExpression('stddev', [toExpression(column)]));
}
/** Standard deviation of a sample. */
export function stddev_samp(column: ColumnOrName): Column {
  return new Column(functionExpression('stddev_samp', [toExpression(column)]));
}
/** Standard deviation of the whole population. */
export function stddev_pop(column: ColumnOrName): Column {
  return new Column(functionExpression('stddev_pop', [toExpression(column)]));
}
/** The same as {@link var_samp}. */
export function variance(column: ColumnOrName): Column {
  return new Column(functionExpression('variance', [toExpression(column)]));
}
/** Variance of a sample. */
export function var_samp(column: ColumnOrName): Column {
  return new Column(functionExpression('var_samp', [toExpression(column)]));
}
/** Variance of the whole population. */
export function var_pop(column: ColumnOrName): Column {
  return new Column(functionExpression('var_pop', [toExpression(column)]));
}
/** Skewness. */
export function skewness(column: ColumnOrName): Column {
  return new Column(functionExpression('skewness', [toExpression(column)]));
}
/** Excess kurtosis. */
export function kurtosis(column: ColumnOrName): Column {
  return new Column(functionExpression('kurtosis', [toExpression(column)]));
}
/** Pearson's correlation. */
export function corr(first: ColumnOrName, second: ColumnOrName): Column {
  return new Column(functionExpression('corr', [toExpression(first), toExpression(second)]));
}
/** Covariance of the whole population. */
export function covar_pop(first: ColumnOrName, second: ColumnOrName): Column {
  return new Column(functionExpression('covar_pop', [toExpression(first), toExpression(second)]));
}
/** Covariance of a sample. */
export function covar_samp(first: ColumnOrName, second: ColumnOrName): Column {
  return new Column(functionExpression('covar_samp', [toExpression(first), toExpression(second)]));
}
/** Whether it holds for all rows. */
export function bool_and(condition: ColumnOrName): Column {
  return new Column(functionExpression('bool_and', [toExpression(condition)]));
}
/** Whether it holds for some row. */
export function bool_or(condition: ColumnOrName): Column {
  return new Column(functionExpression('bool_or', [toExpression(condition)]));
}
/** Bitwise AND of all values. */
export function bit_and(column: ColumnOrName): Column {
  return new Column(functionExpression('bit_and', [toExpression(column)]));
}
/** Bitwise OR of all values. */
export function bit_or(column: ColumnOrName): Column {
  return new Column(functionExpression('bit_or', [toExpression(column)]));
}
/** Bitwise XOR of all values. */
export function bit_xor(column: ColumnOrName): Column {
  return new Column(functionExpression('bit_xor', [toExpression(column)]));
}
/** About how many different values (5 % unless told otherwise). */
export function approx_count_distinct(column: ColumnOrName, relativeError?: ColumnOrValue): Column {
  return new Column(
    functionExpression('approx_count_distinct', [
      toExpression(column),
      ...(relativeError === undefined ? [] : [valueExpression(relativeError)]),
    ]),
  );
}
/** All values as an ARRAY, without NULLs. */
export function collect_list(column: ColumnOrName): Column {
  return new Column(functionExpression('collect_list', [toExpression(column)]));
}
/** All different values as an ARRAY, without NULLs. */
export function collect_set(column: ColumnOrName): Column {
  return new Column(functionExpression('collect_set', [toExpression(column)]));
}
/** The value where `order` is greatest. */
export function max_by(column: ColumnOrName, order: ColumnOrName): Column {
  return new Column(functionExpression('max_by', [toExpression(column), toExpression(order)]));
}
/** The value where `order` is least. */
export function min_by(column: ColumnOrName, order: ColumnOrName): Column {
  return new Column(functionExpression('min_by', [toExpression(column), toExpression(order)]));
}
/** The middle value. */
export function median(column: ColumnOrName): Column {
  return new Column(functionExpression('median', [toExpression(column)]));
}
/** The exact value below which `share` (0 to 1) of the rows lie. */
export function percentile(column: ColumnOrName, share: ColumnOrValue): Column {
  return new Column(functionExpression('percentile', [toExpression(column), valueExpression(share)]));
}
/** 1 where this grouping column is rolled up, else 0. */
export function grouping(column: ColumnOrName): Column {
  return new Column(functionExpression('grouping', [toExpression(column)]));
}
/** The {@link grouping} bits of several columns as one number. */
export function grouping_id(...columns: readonly ColumnOrName[]): Column {
  return new Column(functionExpression('grouping_id', [...columns.map(toExpression)]));
}
