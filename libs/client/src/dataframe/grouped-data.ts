import type { Expression, Relation } from '@kiln/contracts';
import { type Column, functionExpression } from '../column/column.ts';
import { nameExpression } from '../column/names.ts';
import { literal } from '../values/literal.ts';
import type { DataFrame } from './dataframe.ts';

type GroupKind = 'group-by' | 'rollup' | 'cube';

/** Rows in groups: what `groupBy`, `rollup` and `cube` give. The result has the grouping columns first, then the aggregates. */
export class GroupedData {
  readonly #input: Relation;
  readonly #kind: GroupKind;
  readonly #grouping: readonly Expression[];
  readonly #derive: (plan: Relation) => DataFrame;

  constructor(
    input: Relation,
    kind: GroupKind,
    grouping: readonly Expression[],
    derive: (plan: Relation) => DataFrame,
  ) {
    this.#input = input;
    this.#kind = kind;
    this.#grouping = grouping;
    this.#derive = derive;
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

  /** Least values of columns. */
  min(...columns: readonly string[]): DataFrame {
    return this.#each('min', columns);
  }

  /** Greatest values of columns. */
  max(...columns: readonly string[]): DataFrame {
    return this.#each('max', columns);
  }

  #each(name: string, columns: readonly string[]): DataFrame {
    return this.#aggregate(columns.map((column) => functionExpression(name, [nameExpression(column)])));
  }

  #aggregate(aggregates: readonly Expression[]): DataFrame {
    return this.#derive({
      type: 'aggregate',
      input: this.#input,
      groupKind: this.#kind,
      grouping: this.#grouping,
      groupingSets: [],
      aggregates: [...this.#grouping, ...aggregates],
      having: null,
    });
  }
}
