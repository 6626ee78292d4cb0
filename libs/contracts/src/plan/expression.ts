import type { Position } from '@kiln/base';
import type { DataType } from './data-type.ts';
import type { Relation } from './relation.ts';

/** The twin of `native/sql/src/tree/expression.rs`: same variants, same order, same fields; see there for each one. */
export type Expression =
  // unresolved only
  | {
      readonly type: 'unresolved-attribute';
      readonly parts: readonly string[];
      readonly planId: number | null;
      readonly position: Position | null;
    }
  | {
      readonly type: 'unresolved-star';
      readonly target: readonly string[] | null;
      readonly except: readonly string[];
      readonly position: Position | null;
    }
  | {
      readonly type: 'unresolved-function';
      readonly name: string;
      readonly arguments: readonly Expression[];
      readonly isDistinct: boolean;
      readonly filter: Expression | null;
      readonly position: Position | null;
    }
  | { readonly type: 'expression-string'; readonly text: string }
  // both
  | { readonly type: 'literal'; readonly value: string | null; readonly dataType: DataType }
  | { readonly type: 'alias'; readonly expression: Expression; readonly names: readonly string[] }
  | {
      readonly type: 'cast';
      readonly expression: Expression;
      readonly dataType: DataType;
      readonly isTry: boolean;
      readonly position: Position | null;
    }
  | { readonly type: 'case'; readonly branches: readonly WhenBranch[]; readonly otherwise: Expression | null }
  | { readonly type: 'window'; readonly function: Expression; readonly spec: WindowSpec }
  | {
      readonly type: 'subquery';
      readonly kind: 'scalar' | 'exists' | 'in';
      readonly plan: Relation;
      readonly values: readonly Expression[];
      readonly negated: boolean;
      readonly position: Position | null;
    }
  // resolved only
  | {
      readonly type: 'column';
      readonly id: number;
      readonly name: string;
      readonly dataType: DataType;
      readonly nullable: boolean;
    }
  | {
      readonly type: 'outer-column';
      readonly id: number;
      readonly name: string;
      readonly dataType: DataType;
      readonly nullable: boolean;
    }
  | {
      readonly type: 'call';
      readonly name: string;
      readonly arguments: readonly Expression[];
      readonly isDistinct: boolean;
      readonly filter: Expression | null;
      readonly dataType: DataType;
      readonly nullable: boolean;
    }
  | { readonly type: 'named-column'; readonly expression: Expression; readonly name: string; readonly id: number };

export interface WhenBranch {
  readonly condition: Expression;
  readonly value: Expression;
}

export interface SortOrder {
  readonly child: Expression;
  readonly direction: 'ascending' | 'descending';
  /** `default`: nulls first when ascending, last when descending (Spark's rule). */
  readonly nullOrdering: 'default' | 'nulls-first' | 'nulls-last';
}

export interface WindowSpec {
  readonly partitionBy: readonly Expression[];
  readonly orderBy: readonly SortOrder[];
  readonly frame: WindowFrame | null;
}

export interface WindowFrame {
  readonly unit: 'rows' | 'range';
  readonly lower: FrameBound;
  readonly upper: FrameBound;
}

export interface FrameBound {
  readonly kind: 'unbounded-preceding' | 'preceding' | 'current-row' | 'following' | 'unbounded-following';
  readonly value: Expression | null;
}
