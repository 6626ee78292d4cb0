import type { DataType, Expression, Relation, SortOrder, WindowSpec } from '@kiln/contracts';
import { clientError } from '../errors.ts';
import { toDataType } from '../types/parse-type.ts';
import { type LiteralValue, literal } from '../values/literal.ts';
import { nameExpression } from './names.ts';

/** A column or the name of one. */
export type ColumnOrName = Column | string;
/** A column or a value that stands for itself. */
export type ColumnOrValue = Column | LiteralValue;
/** Anything with a plan, that is a DataFrame, as the right side of `isin`. */
export interface HasPlan {
  readonly plan: Relation;
}

const columnTag = Symbol.for('kiln.column');
const sortColumnTag = Symbol.for('kiln.sortColumn');

/**
 * An expression over the columns of a DataFrame. Nothing is computed or checked when it is built.
 *
 * In its methods a string is a value (`col('state').eq('TX')`); where a column is wanted write `col('x')`.
 */
export class Column {
  /** Told by this, so that a column of another copy of this package is one too. */
  readonly [columnTag] = true;
  /** The expression as data. */
  readonly expression: Expression;

  constructor(expression: Expression) {
    this.expression = expression;
  }

  // ---- comparison

  /** `=`: NULL when either side is NULL. */
  eq(other: ColumnOrValue): Column {
    return this.#operator('=', other);
  }
  /** `<>`. */
  neq(other: ColumnOrValue): Column {
    return this.#operator('!=', other);
  }
  /** `<=>`: equality in which NULL equals NULL. */
  eqNullSafe(other: ColumnOrValue): Column {
    return this.#operator('<=>', other);
  }
  /** `>`. */
  gt(other: ColumnOrValue): Column {
    return this.#operator('>', other);
  }
  /** `>=`. */
  geq(other: ColumnOrValue): Column {
    return this.#operator('>=', other);
  }
  /** `<`. */
  lt(other: ColumnOrValue): Column {
    return this.#operator('<', other);
  }
  /** `<=`. */
  leq(other: ColumnOrValue): Column {
    return this.#operator('<=', other);
  }
  /** `BETWEEN`, both ends included: `x >= lower AND x <= upper`, by which Spark names it too. */
  between(lower: ColumnOrValue, upper: ColumnOrValue): Column {
    return this.geq(lower).and(this.leq(upper));
  }
  /** `IN`: a list of values, or a DataFrame of one column. */
  isin(...values: readonly ColumnOrValue[] | readonly [HasPlan]): Column {
    const [first] = values;
    if (values.length === 1 && isPlan(first)) {
      return new Column({
        type: 'subquery',
        kind: 'in',
        plan: first.plan,
        values: [this.expression],
        negated: false,
        position: null,
      });
    }
    const list =
      values.length === 1 && Array.isArray(first)
        ? (first as readonly LiteralValue[])
        : (values as readonly ColumnOrValue[]);
    return this.#operator('in', ...list);
  }
  /** `IS NULL`. */
  isNull(): Column {
    return this.#operator('isnull');
  }
  /** `IS NOT NULL`. */
  isNotNull(): Column {
    return this.#operator('isnotnull');
  }
  /** True for the floating-point NaN. */
  isNaN(): Column {
    return this.#operator('isnan');
  }

  // ---- arithmetic

  /** `+`. */
  plus(other: ColumnOrValue): Column {
    return this.#operator('+', other);
  }
  /** `-`. */
  minus(other: ColumnOrValue): Column {
    return this.#operator('-', other);
  }
  /** `*`. */
  multiply(other: ColumnOrValue): Column {
    return this.#operator('*', other);
  }
  /** `/`: integers divide to DOUBLE, as in Spark. */
  divide(other: ColumnOrValue): Column {
    return this.#operator('/', other);
  }
  /** `%`: the remainder, with the sign of the dividend. */
  mod(other: ColumnOrValue): Column {
    return this.#operator('%', other);
  }
  /** Unary minus. */
  negate(): Column {
    return this.#operator('negative');
  }
  /** `&`. */
  bitwiseAnd(other: ColumnOrValue): Column {
    return this.#operator('&', other);
  }
  /** `|`. */
  bitwiseOr(other: ColumnOrValue): Column {
    return this.#operator('|', other);
  }
  /** `^`. */
  bitwiseXor(other: ColumnOrValue): Column {
    return this.#operator('^', other);
  }

  // ---- logic

  /** `AND`, three-valued. */
  and(other: ColumnOrValue): Column {
    return this.#operator('and', other);
  }
  /** `OR`, three-valued. */
  or(other: ColumnOrValue): Column {
    return this.#operator('or', other);
  }
  /** `NOT`. */
  not(): Column {
    return this.#operator('not');
  }
  /** Another branch of a `CASE` begun with `functions.when`. */
  when(condition: Column, value: ColumnOrValue): Column {
    const open = this.#openCase('when');
    return new Column({
      ...open,
      branches: [...open.branches, { condition: condition.expression, value: valueExpression(value) }],
    });
  }
  /** The value where no branch of a `CASE` holds; NULL without it. */
  otherwise(value: ColumnOrValue): Column {
    return new Column({ ...this.#openCase('otherwise'), otherwise: valueExpression(value) });
  }

  // ---- text and parts

  /** SQL's `LIKE`: `%` any text, `_` one character. */
  like(pattern: ColumnOrValue): Column {
    return this.#operator('like', pattern);
  }
  /** `LIKE` without regard to case. */
  ilike(pattern: ColumnOrValue): Column {
    return this.#operator('ilike', pattern);
  }
  /** A regular expression is found in it. */
  rlike(pattern: ColumnOrValue): Column {
    return this.#operator('rlike', pattern);
  }
  /** Begins with `prefix`. */
  startsWith(prefix: ColumnOrValue): Column {
    return this.#operator('startswith', prefix);
  }
  /** Ends with `suffix`. */
  endsWith(suffix: ColumnOrValue): Column {
    return this.#operator('endswith', suffix);
  }
  /** Holds `text`. */
  contains(text: ColumnOrValue): Column {
    return this.#operator('contains', text);
  }
  /** `length` characters from `position`, which counts from 1. */
  substr(position: ColumnOrValue, length: ColumnOrValue): Column {
    return this.#operator('substr', position, length);
  }
  /** A field of a STRUCT. */
  getField(name: string): Column {
    const { expression } = this;
    if (expression.type === 'unresolved-attribute')
      return new Column({ ...expression, parts: [...expression.parts, name] });
    return this.#operator('get_field', name);
  }

  // ---- type, name, order, window

  /** `CAST`: `col('x').cast('decimal(10,2)')`. A value that does not fit is an error in ANSI mode. */
  cast(type: string | DataType): Column {
    return new Column({
      type: 'cast',
      expression: this.expression,
      dataType: toDataType(type),
      isTry: false,
      position: null,
    });
  }
  /** `TRY_CAST`: NULL for a value that does not fit. */
  tryCast(type: string | DataType): Column {
    return new Column({
      type: 'cast',
      expression: this.expression,
      dataType: toDataType(type),
      isTry: true,
      position: null,
    });
  }
  /** Names the result; several names only for functions with several result columns. */
  alias(...names: readonly string[]): Column {
    return new Column({ type: 'alias', expression: this.expression, names });
  }
  /** The same as {@link alias}. */
  as(...names: readonly string[]): Column {
    return this.alias(...names);
  }
  /** Ascending, NULLs first. */
  asc(): SortColumn {
    return this.#sort('ascending', 'default');
  }
  /** Ascending, NULLs first. */
  ascNullsFirst(): SortColumn {
    return this.#sort('ascending', 'nulls-first');
  }
  /** Ascending, NULLs last. */
  ascNullsLast(): SortColumn {
    return this.#sort('ascending', 'nulls-last');
  }
  /** Descending, NULLs last. */
  desc(): SortColumn {
    return this.#sort('descending', 'default');
  }
  /** Descending, NULLs first. */
  descNullsFirst(): SortColumn {
    return this.#sort('descending', 'nulls-first');
  }
  /** Descending, NULLs last. */
  descNullsLast(): SortColumn {
    return this.#sort('descending', 'nulls-last');
  }
  /** Computes an aggregate or ranking function over a window: `sum('x').over(Window.partitionBy('k'))`. */
  over(window: { readonly spec: WindowSpec }): Column {
    return new Column({ type: 'window', function: this.expression, spec: window.spec });
  }

  #operator(name: string, ...operands: readonly ColumnOrValue[]): Column {
    return new Column(functionExpression(name, [this.expression, ...operands.map(valueExpression)]));
  }

  #sort(direction: SortOrder['direction'], nullOrdering: SortOrder['nullOrdering']): SortColumn {
    return new SortColumn({ child: this.expression, direction, nullOrdering });
  }

  #openCase(method: string): Extract<Expression, { type: 'case' }> {
    const { expression } = this;
    if (expression.type === 'case' && expression.otherwise === null) return expression;
    throw clientError('KILN_ARGUMENT', `${method}() follows functions.when(...), before its otherwise().`);
  }
}

/** A column with a direction, for `orderBy`. */
export class SortColumn {
  readonly [sortColumnTag] = true;
  readonly order: SortOrder;

  constructor(order: SortOrder) {
    this.order = order;
  }
}

/** Whether a value is a {@link Column}. */
export function isColumn(value: unknown): value is Column {
  return typeof value === 'object' && value !== null && columnTag in value;
}

/** A function call as data. */
export function functionExpression(name: string, args: readonly Expression[], isDistinct = false): Expression {
  return { type: 'unresolved-function', name, arguments: args, isDistinct, filter: null, position: null };
}

/** A string is a column name. */
export function toExpression(column: ColumnOrName): Expression {
  return typeof column === 'string' ? nameExpression(column) : column.expression;
}

/** A string is a value. */
export function valueExpression(value: ColumnOrValue): Expression {
  return isColumn(value) ? value.expression : literal(value);
}

/** A string is a column name; no direction is ascending. */
export function toSortOrder(column: ColumnOrName | SortColumn): SortOrder {
  if (typeof column === 'object' && sortColumnTag in column) return column.order;
  return { child: toExpression(column), direction: 'ascending', nullOrdering: 'default' };
}

function isPlan(value: unknown): value is HasPlan {
  return typeof value === 'object' && value !== null && 'plan' in value && 'collect' in value;
}
