import type { Expression, Relation } from '@kiln/contracts';
import { type Column, type ColumnOrName, functionExpression, toExpression } from '../column/column.ts';
import { nameExpression } from '../column/names.ts';
import { clientError } from '../errors.ts';
import { literal } from '../values/literal.ts';
import type { DataFrame } from './dataframe.ts';
import { type Pivot, type PivotValue, pivoted } from './pivot.ts';

/** What belongs together. */
export interface Groups {
  readonly kind: 'group-by' | 'rollup' | 'cube' | 'grouping-sets';
  readonly grouping: readonly Expression[];
  /** Places in `grouping`, of grouping sets only. */
  readonly sets: readonly (readonly number[])[];
  /** How many of `grouping` are columns of the result. */
  readonly shown: number;
}

/** Rows in groups: what `groupBy`, `rollup`, `cube` and `groupingSets` give. The result has the grouping columns first, then the aggregates. */
export class GroupedData {
  readonly #input: Relation;
  readonly #groups: Groups;
  readonly #derive: (plan: Relation) => DataFrame;
  readonly #pivot: Pivot | undefined;

  constructor(input: Relation, groups: Groups, derive: (plan: Relation) => DataFrame, pivot?: Pivot) {
    this.#input = input;
    this.#groups = groups;
    this.#derive = derive;
    this.#pivot = pivot;
  }

  /**
   * A column for each of these values of a column: `groupBy('state').pivot('year', [2025, 2026]).sum('flights')` has
   * `state`, `2025` and `2026`. With several aggregates their names follow: `2025_sum(flights)`.
   */
  pivot(column: ColumnOrName, values: readonly PivotValue[]): GroupedData {
    if (this.#groups.kind !== 'group-by' || this.#pivot !== undefined)
      throw clientError('KILN_ARGUMENT', 'pivot() follows groupBy(), once.');
    if (values.length === 0)
      throw clientError('KILN_ARGUMENT', 'pivot() needs the values that become columns.', {
        hint: 'Ask for them first: await df.select(column).distinct().collect().',
      });
    return new GroupedData(this.#input, this.#groups, this.#derive, { column: toExpression(column), values });
  }

  /** Aggregates: `agg(sum('delay').as('total'), count())`. */
  agg(...aggregates: readonly Column[]): DataFrame {
    return this.#aggregate(aggregates.map((column) => column.expression));
  }

  /** Rows per group, as `count`. */
  count(): DataFrame {
    return this.#aggregate([
      { type: 'alias', expression: functionExpression('count', [literal(1)]), names: ['count'] },
    ]);
  }

  /** Sums of columns. */
  sum(...columns: readonly string[]): DataFrame {
    return this.#each('sum', columns);
  }

  /** Means of columns. */
  avg(...columns: readonly string[]): DataFrame {
    return this.#each('avg', columns);
  }

  /** The same as {@link avg}. */
  mean(...columns: readonly string[]): DataFrame {
    return this.avg(...columns);
  }

  /** Least values of columns. */
  min(...columns: readonly string[]): DataFrame {
    return this.#each('min', columns);
  }

  /** Greatest values of columns. */
  max(...columns: readonly string[]): DataFrame {
    return this.#each('max', columns);
  }

  #each(name: string, columns: readonly string[]): DataFrame {
    if (columns.length === 0)
      throw clientError('KILN_ARGUMENT', `${name}() needs the names of columns.`, { hint: `${name}('delay')` });
    return this.#aggregate(columns.map((column) => functionExpression(name, [nameExpression(column)])));
  }

  #aggregate(aggregates: readonly Expression[]): DataFrame {
    const { kind, grouping, sets, shown } = this.#groups;
    if (this.#pivot) return this.#derive(pivoted(this.#input, grouping, this.#pivot, aggregates));
    return this.#derive({
      type: 'aggregate',
      input: this.#input,
      groupKind: kind,
      grouping,
      groupingSets: sets,
      aggregates: [...grouping.slice(0, shown), ...aggregates],
      having: null,
    });
  }
}
