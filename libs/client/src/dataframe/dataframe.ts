import { isDeepStrictEqual } from 'node:util';
import type { Expression, Relation } from '@kiln/contracts';
import {
  Column,
  type ColumnOrName,
  type ColumnOrValue,
  isColumn,
  type SortColumn,
  toExpression,
  toSortOrder,
  valueExpression,
} from '../column/column.ts';
import { nameExpression } from '../column/names.ts';
import { clientError } from '../errors.ts';
import { type LiteralValue, literal } from '../values/literal.ts';
import type { Row } from '../values/value.ts';
import { count, FrameActions, limited } from './frame-actions.ts';
import type { FrameContext } from './frame-context.ts';
import { GroupedData, type Groups } from './grouped-data.ts';
import { type JoinType, joinKind } from './join-kind.ts';
import { NaFunctions } from './na-functions.ts';
import { described, unpivoted } from './reshape.ts';
import { randomSeed, sampledBy, splitByWeights } from './sampling.ts';

/** Rows of some columns; of untyped rows nothing is known. */
type Selected<T extends object, K extends keyof T> = string extends keyof T ? Row : Pick<T, K>;

const dataFrameTag = Symbol.for('kiln.dataFrame');

/** Whether a value is a {@link DataFrame}. */
export function isDataFrame(value: unknown): value is DataFrame {
  return typeof value === 'object' && value !== null && dataFrameTag in value;
}

/**
 * A query that has not run: a plan over sources, other DataFrames and SQL. Immutable: each method returns another one.
 * Nothing is read or checked before an action (`collect`, `show`, `count`, `write`...) or a question about the result
 * (`schema`, `explain`).
 *
 * `T` is the shape of its rows as far as TypeScript is told; methods that keep the columns keep it.
 */
export class DataFrame<T extends object = Row> extends FrameActions<T> {
  /** Told by this, so that a DataFrame of another copy of this package is one too. */
  readonly [dataFrameTag] = true;

  /** Made by a session; see `Session`. */
  constructor(context: FrameContext, plan: Relation) {
    super(context, plan);
  }

  /** Vouches for the shape of the rows; nothing is checked. */
  as<U extends object>(): DataFrame<U> {
    return this as unknown as DataFrame<U>;
  }

  // ---- columns

  /** A column of this DataFrame, told from one of the same name in another: `a.join(b, a.col('id').eq(b.col('id')))`. */
  col(name: string): Column {
    return new Column(nameExpression(name, this.id));
  }

  /** These columns, in this order. */
  select<K extends keyof T & string>(...columns: readonly K[]): DataFrame<Selected<T, K>>;
  select(...columns: readonly ColumnOrName[]): DataFrame;
  select(...columns: readonly ColumnOrName[]): DataFrame {
    return this.#project(columns.map(toExpression));
  }

  /** These expressions in SQL: `selectExpr('state', 'delay / 60 as hours')`. */
  selectExpr(...expressions: readonly string[]): DataFrame {
    return this.#project(expressions.map((text) => ({ type: 'expression-string', text })));
  }

  /** All columns and one more; one of the same name is replaced. */
  withColumn(name: string, column: Column): DataFrame {
    return this.withColumns({ [name]: column });
  }

  /** All columns and some more; those of the same name are replaced. */
  withColumns(columns: Readonly<Record<string, Column>>): DataFrame {
    const aliases = Object.entries(columns).map(
      ([name, column]): Expression => ({ type: 'alias', expression: column.expression, names: [name] }),
    );
    return this.#derive({ type: 'with-columns', input: this.plan, aliases });
  }

  /** Another name for a column; a column that is not there is ignored. */
  withColumnRenamed(existing: string, name: string): DataFrame {
    return this.withColumnsRenamed({ [existing]: name });
  }

  /** Other names for columns; those that are not there are ignored. */
  withColumnsRenamed(names: Readonly<Record<string, string>>): DataFrame {
    return this.#derive({ type: 'with-columns-renamed', input: this.plan, renames: Object.entries(names) });
  }

  /** Without these columns; those that are not there are ignored. */
  drop(...columns: readonly ColumnOrName[]): DataFrame {
    return this.#derive({ type: 'drop', input: this.plan, columns: columns.map(toExpression) });
  }

  /** Names for all columns, in order. */
  toDF(...names: readonly string[]): DataFrame {
    return this.#derive({ type: 'to-df', input: this.plan, columnNames: names });
  }

  /** A name to qualify columns with: `flights.alias('f')`, then `col('f.delay')`. */
  alias(name: string): DataFrame<T> {
    return this.#derive({ type: 'subquery-alias', input: this.plan, alias: name, columnAliases: [] });
  }

  // ---- rows

  /** Rows for which a condition holds; a string is SQL: `filter('delay > 60')`. */
  filter(condition: Column | string): DataFrame<T> {
    return this.#derive({ type: 'filter', input: this.plan, condition: conditionExpression(condition) });
  }

  /** The same as {@link filter}. */
  where(condition: Column | string): DataFrame<T> {
    return this.filter(condition);
  }

  /** Different rows only. */
  distinct(): DataFrame<T> {
    return this.dropDuplicates();
  }

  /** One row for each combination of values of some columns (all of them when none is named). */
  dropDuplicates(...columns: readonly string[]): DataFrame<T> {
    return this.#derive({ type: 'deduplicate', input: this.plan, columnNames: columns });
  }

  /** The first `n` rows. */
  limit(n: number): DataFrame<T> {
    return this.#derive(limited(this.plan, n));
  }

  /** Without the first `n` rows. */
  offset(n: number): DataFrame<T> {
    return this.#derive({ type: 'offset', input: this.plan, offset: literal(count(n)) });
  }

  /** A random share of the rows (0 to 1). The same seed takes the same rows of the same input. */
  sample(fraction: number, options: { readonly withReplacement?: boolean; readonly seed?: number } = {}): DataFrame<T> {
    const { withReplacement = false, seed = randomSeed() } = options;
    if (!(fraction >= 0 && (withReplacement || fraction <= 1)))
      throw clientError('KILN_ARGUMENT', `${fraction} is not a share of rows.`);
    return this.#derive({ type: 'sample', input: this.plan, lower: 0, upper: fraction, withReplacement, seed });
  }

  /** A random share (0 to 1) of the rows for each value of a column: `sampleBy('state', { TX: 0.1, CA: 0.5 })`. */
  sampleBy(
    column: ColumnOrName,
    fractions: Readonly<Record<string, number>> | ReadonlyMap<LiteralValue, number>,
    seed = randomSeed(),
  ): DataFrame<T> {
    const pairs = fractions instanceof Map ? [...fractions] : Object.entries(fractions as Record<string, number>);
    return this.#derive(sampledBy(this.plan, column, pairs, seed));
  }

  /** All rows, each in one of several DataFrames, in about these proportions: `const [train, test] = df.randomSplit([3, 1])`. */
  randomSplit(weights: readonly number[], seed = randomSeed()): DataFrame<T>[] {
    return splitByWeights(this.plan, weights, seed).map((plan) => this.#derive(plan));
  }

  /** What to do about NULL and NaN: `await df.na.fill(0)`. */
  get na(): NaFunctions<T> {
    return new NaFunctions(this);
  }

  /** In order. A string is a column; `col('delay').desc()` gives a direction. */
  sort(...columns: readonly (ColumnOrName | SortColumn)[]): DataFrame<T> {
    return this.#derive({ type: 'sort', input: this.plan, order: columns.map(toSortOrder), isGlobal: true });
  }

  /** The same as {@link sort}. */
  orderBy(...columns: readonly (ColumnOrName | SortColumn)[]): DataFrame<T> {
    return this.sort(...columns);
  }

  /** In order within each partition only. */
  sortWithinPartitions(...columns: readonly (ColumnOrName | SortColumn)[]): DataFrame<T> {
    return this.#derive({ type: 'sort', input: this.plan, order: columns.map(toSortOrder), isGlobal: false });
  }

  // ---- groups

  /** Groups by columns; `agg`, `count`, `sum`... follow. */
  groupBy(...columns: readonly ColumnOrName[]): GroupedData {
    return this.#group({ kind: 'group-by', ...allShown(columns) });
  }

  /** Groups by columns and, for totals, by fewer and fewer of them from the right. */
  rollup(...columns: readonly ColumnOrName[]): GroupedData {
    return this.#group({ kind: 'rollup', ...allShown(columns) });
  }

  /** Groups by every combination of columns. */
  cube(...columns: readonly ColumnOrName[]): GroupedData {
    return this.#group({ kind: 'cube', ...allShown(columns) });
  }

  /** Groups by several sets of columns; the columns named last are those of the result: `groupingSets([['a', 'b'], ['a'], []], 'a', 'b')`. */
  groupingSets(sets: readonly (readonly ColumnOrName[])[], ...columns: readonly ColumnOrName[]): GroupedData {
    const grouping = columns.map(toExpression);
    const place = (expression: Expression) => {
      const known = grouping.findIndex((each) => isDeepStrictEqual(each, expression));
      return known >= 0 ? known : grouping.push(expression) - 1;
    };
    const places = sets.map((set) => set.map((column) => place(toExpression(column))));
    return this.#group({ kind: 'grouping-sets', grouping, sets: places, shown: columns.length });
  }

  /** Aggregates over all rows: one row. */
  agg(...aggregates: readonly Column[]): DataFrame {
    return this.groupBy().agg(...aggregates);
  }

  // ---- several DataFrames

  /**
   * Joins: `on` is a condition, or the name(s) of columns that both have (they appear once in the result).
   * `type` is `inner`, `left`, `right`, `full`, `semi`, `anti`, `cross` or another of Spark's words for them.
   */
  join(other: DataFrame<object>, on?: Column | string | readonly string[], type: JoinType = 'inner'): DataFrame {
    const condition = isColumn(on) ? on.expression : null;
    const usingColumns = on === undefined || isColumn(on) ? [] : typeof on === 'string' ? [on] : on;
    return this.#derive({
      type: 'join',
      left: this.plan,
      right: other.plan,
      kind: joinKind(type),
      condition,
      usingColumns,
      isNatural: false,
      isLateral: false,
    });
  }

  /** Every row with every row. */
  crossJoin(other: DataFrame<object>): DataFrame {
    return this.join(other, undefined, 'cross');
  }

  /** The rows of both, with duplicates, columns by position. */
  union(other: DataFrame<object>): DataFrame<T> {
    return this.#setOperation('union', other, true);
  }

  /** The same as {@link union}. */
  unionAll(other: DataFrame<object>): DataFrame<T> {
    return this.union(other);
  }

  /** The rows of both, with duplicates, columns by name. */
  unionByName(other: DataFrame<object>, options?: { readonly allowMissingColumns?: false }): DataFrame<T>;
  unionByName(other: DataFrame<object>, options: { readonly allowMissingColumns?: boolean }): DataFrame;
  unionByName(other: DataFrame<object>, options: { readonly allowMissingColumns?: boolean } = {}): DataFrame<object> {
    const { allowMissingColumns = false } = options;
    return this.#derive({
      type: 'set-op',
      kind: 'union',
      left: this.plan,
      right: other.plan,
      isAll: true,
      byName: true,
      allowMissingColumns,
    });
  }

  /** Different rows that are in both. */
  intersect(other: DataFrame<object>): DataFrame<T> {
    return this.#setOperation('intersect', other, false);
  }

  /** Rows that are in both, as often as in both. */
  intersectAll(other: DataFrame<object>): DataFrame<T> {
    return this.#setOperation('intersect', other, true);
  }

  /** Different rows that are not in `other`. */
  subtract(other: DataFrame<object>): DataFrame<T> {
    return this.#setOperation('except', other, false);
  }

  /** The same as {@link subtract}. */
  except(other: DataFrame<object>): DataFrame<T> {
    return this.subtract(other);
  }

  /** Rows less those of `other`, each taken away once. */
  exceptAll(other: DataFrame<object>): DataFrame<T> {
    return this.#setOperation('except', other, true);
  }

  // ---- other shapes

  /** Columns as rows: each row of `ids` once for every column of `values`, with its name and its value. */
  unpivot(
    ids: readonly ColumnOrName[],
    values: readonly string[],
    variableColumnName: string,
    valueColumnName: string,
  ): DataFrame {
    if (values.length === 0) throw clientError('KILN_ARGUMENT', 'unpivot() needs the columns that become rows.');
    return this.#derive(unpivoted(this.plan, ids.map(toExpression), values, [variableColumnName, valueColumnName]));
  }

  /**
   * count, mean, stddev, min and max of numeric and text columns (of all, when none is named), as text: `await (await df.describe()).show()`.
   * It asks for the schema first.
   */
  async describe(...columns: readonly string[]): Promise<DataFrame> {
    const fields = await (columns.length > 0 ? this.select(...columns) : this).schema();
    return this.#derive(described(this.plan, fields));
  }

  // ---- partitions and hints

  /** So many partitions: rows go round in turn, or by the hash of columns. Without a number: `spark.sql.shuffle.partitions`. */
  repartition(partitions: number | ColumnOrName, ...columns: readonly ColumnOrName[]): DataFrame<T> {
    if (typeof partitions !== 'number') return this.#repartitionBy(null, [partitions, ...columns], false);
    if (columns.length > 0) return this.#repartitionBy(partitions, columns, false);
    return this.#derive({
      type: 'repartition',
      input: this.plan,
      numPartitions: partitionCount(partitions),
      shuffle: true,
    });
  }

  /** Partitions by ranges of columns. Without a number: `spark.sql.shuffle.partitions`. */
  repartitionByRange(
    partitions: number | ColumnOrName | SortColumn,
    ...columns: readonly (ColumnOrName | SortColumn)[]
  ): DataFrame<T> {
    if (typeof partitions !== 'number') return this.#repartitionBy(null, [partitions, ...columns], true);
    return this.#repartitionBy(partitions, columns, true);
  }

  /** At most so many partitions, without a shuffle. */
  coalesce(partitions: number): DataFrame<T> {
    return this.#derive({
      type: 'repartition',
      input: this.plan,
      numPartitions: partitionCount(partitions),
      shuffle: false,
    });
  }

  /** Advice to the planner: `broadcast`, `merge`, `shuffle_hash`... */
  hint(name: string, ...parameters: readonly ColumnOrValue[]): DataFrame<T> {
    return this.#derive({ type: 'hint', input: this.plan, name, parameters: parameters.map(valueExpression) });
  }

  // ---- as a part of an expression

  /** The one value of one row of one column, as a column: `filter(col('delay').gt(averages.scalar()))`. */
  scalar(): Column {
    return new Column({
      type: 'subquery',
      kind: 'scalar',
      plan: this.plan,
      values: [],
      negated: false,
      position: null,
    });
  }

  /** Whether there is a row, as a column. */
  exists(): Column {
    return new Column({
      type: 'subquery',
      kind: 'exists',
      plan: this.plan,
      values: [],
      negated: false,
      position: null,
    });
  }

  /** What a function makes of it, for chains: `flights.transform(onlyLate)`. */
  transform<R>(change: (frame: DataFrame<T>) => R): R {
    return change(this);
  }

  #derive<U extends object>(plan: Relation): DataFrame<U> {
    return new DataFrame<U>(this.context, plan);
  }

  #project(expressions: readonly Expression[]): DataFrame {
    return this.#derive({ type: 'project', input: this.plan, expressions });
  }

  #group(groups: Groups): GroupedData {
    return new GroupedData(this.plan, groups, (plan) => this.#derive(plan));
  }

  #setOperation(kind: 'union' | 'intersect' | 'except', other: DataFrame<object>, isAll: boolean): DataFrame<T> {
    return this.#derive({
      type: 'set-op',
      kind,
      left: this.plan,
      right: other.plan,
      isAll,
      byName: false,
      allowMissingColumns: false,
    });
  }

  #repartitionBy(
    partitions: number | null,
    columns: readonly (ColumnOrName | SortColumn)[],
    isRange: boolean,
  ): DataFrame<T> {
    if (columns.length === 0) throw clientError('KILN_ARGUMENT', 'repartitionByRange needs a column.');
    return this.#derive({
      type: 'repartition-by-expression',
      input: this.plan,
      numPartitions: partitions === null ? null : partitionCount(partitions),
      expressions: columns.map(toSortOrder),
      isRange,
    });
  }
}

function allShown(columns: readonly ColumnOrName[]) {
  return { grouping: columns.map(toExpression), sets: [], shown: columns.length };
}

function conditionExpression(condition: Column | string): Expression {
  return typeof condition === 'string' ? { type: 'expression-string', text: condition } : condition.expression;
}

function partitionCount(partitions: number): number {
  if (Number.isInteger(partitions) && partitions > 0) return partitions;
  throw clientError('KILN_ARGUMENT', `${partitions} is not a number of partitions.`);
}
