/** The functions whose arguments are not just columns and values; the others are in generated/. */
import {
  Column,
  type ColumnOrName,
  type ColumnOrValue,
  functionExpression,
  type SortColumn,
  toExpression,
  valueExpression,
} from '../column/column.ts';
import { nameExpression } from '../column/names.ts';
import { type LiteralValue, literal } from '../values/literal.ts';

/** A column by name: `col('state')`, `col('t.state')`, `` col('`a.b`') ``, `col('*')`. */
export function col(name: string): Column {
  return new Column(nameExpression(name));
}

/** A value that stands for itself. */
export function lit(value: ColumnOrValue | LiteralValue): Column {
  return new Column(valueExpression(value));
}

/** An expression in SQL: `expr('delay * 2 + 1')`. It is parsed when the plan is analysed. */
export function expr(text: string): Column {
  return new Column({ type: 'expression-string', text });
}

/** Begins a `CASE`: `when(col('delay').gt(60), 'late').otherwise('fine')`. */
export function when(condition: Column, value: ColumnOrValue): Column {
  return new Column({
    type: 'case',
    branches: [{ condition: condition.expression, value: valueExpression(value) }],
    otherwise: null,
  });
}

/** `NOT`. */
export function not(condition: Column): Column {
  return condition.not();
}

/** Number of rows; with columns: of those in which none of them is NULL. */
export function count(...columns: readonly ColumnOrName[]): Column {
  const counted = columns.filter((column) => column !== '*').map(toExpression);
  return new Column(functionExpression('count', counted.length === 0 ? [literal(1)] : counted));
}

/** Number of different values (of different combinations, for several columns). */
export function count_distinct(...columns: readonly ColumnOrName[]): Column {
  return new Column(functionExpression('count', columns.map(toExpression), true));
}

/** Sum of the different values. */
export function sum_distinct(column: ColumnOrName): Column {
  return new Column(functionExpression('sum', [toExpression(column)], true));
}

/** Ascending, NULLs first, for `orderBy`. */
export function asc(column: ColumnOrName): SortColumn {
  return new Column(toExpression(column)).asc();
}

/** Descending, NULLs last, for `orderBy`. */
export function desc(column: ColumnOrName): SortColumn {
  return new Column(toExpression(column)).desc();
}

/** A DataFrame small enough to be sent to every task of a join: `flights.join(broadcast(airports), 'iata')`. */
export function broadcast<F extends { hint(name: string): F }>(frame: F): F {
  return frame.hint('broadcast');
}

/** Any function by its SQL name. */
export function call_function(name: string, ...columns: readonly ColumnOrName[]): Column {
  return new Column(functionExpression(name, columns.map(toExpression)));
}
