import type { Expression, FrameBound, WindowSpec } from '@kiln/contracts';
import { literal } from '../values/literal.ts';
import { type ColumnOrName, type SortColumn, toExpression, toSortOrder } from './column.ts';

/** Rows of a window: which rows belong together, in which order, and how far from the current one. Immutable. */
export class WindowBuilder {
  readonly spec: WindowSpec;

  constructor(spec: WindowSpec) {
    this.spec = spec;
  }

  /** Rows with equal values of these belong together. */
  partitionBy(...columns: readonly ColumnOrName[]): WindowBuilder {
    return new WindowBuilder({ ...this.spec, partitionBy: columns.map(toExpression) });
  }

  /** The order within a partition. */
  orderBy(...columns: readonly (ColumnOrName | SortColumn)[]): WindowBuilder {
    return new WindowBuilder({ ...this.spec, orderBy: columns.map(toSortOrder) });
  }

  /** A frame by row distance: `rowsBetween(-1, 0)` is the row before and this one. See {@link Window}. */
  rowsBetween(start: number, end: number): WindowBuilder {
    return this.#frame('rows', start, end);
  }

  /** A frame by distance in the value of the one `orderBy` column. */
  rangeBetween(start: number, end: number): WindowBuilder {
    return this.#frame('range', start, end);
  }

  #frame(unit: 'rows' | 'range', start: number, end: number): WindowBuilder {
    return new WindowBuilder({ ...this.spec, frame: { unit, lower: frameBound(start), upper: frameBound(end) } });
  }
}

const empty = new WindowBuilder({ partitionBy: [], orderBy: [], frame: null });

/** Where a window begins: `Window.partitionBy('state').orderBy(col('delay').desc())`. */
export const Window = {
  partitionBy: (...columns: readonly ColumnOrName[]): WindowBuilder => empty.partitionBy(...columns),
  orderBy: (...columns: readonly (ColumnOrName | SortColumn)[]): WindowBuilder => empty.orderBy(...columns),
  rowsBetween: (start: number, end: number): WindowBuilder => empty.rowsBetween(start, end),
  rangeBetween: (start: number, end: number): WindowBuilder => empty.rangeBetween(start, end),
  unboundedPreceding: Number.NEGATIVE_INFINITY,
  currentRow: 0,
  unboundedFollowing: Number.POSITIVE_INFINITY,
} as const;

function frameBound(distance: number): FrameBound {
  if (distance === Number.NEGATIVE_INFINITY) return { kind: 'unbounded-preceding', value: null };
  if (distance === Number.POSITIVE_INFINITY) return { kind: 'unbounded-following', value: null };
  if (distance === 0) return { kind: 'current-row', value: null };
  const value: Expression = literal(Math.abs(distance));
  return distance < 0 ? { kind: 'preceding', value } : { kind: 'following', value };
}
