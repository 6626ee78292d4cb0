import type { Position } from '@kiln/base';
import type { StructField } from './data-type.ts';
import type { Expression, SortOrder } from './expression.ts';

/** The twin of `native/sql/src/tree/relation.rs`: same variants, same order, same fields; see there for each one. */
export type Relation =
  | { readonly type: 'sql'; readonly text: string }
  | { readonly type: 'read'; readonly source: ReadSource; readonly position: Position | null }
  | {
      readonly type: 'range';
      readonly start: number;
      readonly end: number;
      readonly step: number;
      readonly numPartitions: number | null;
      readonly columnId: number | null;
    }
  | {
      readonly type: 'local-relation';
      readonly rows: readonly (readonly Expression[])[];
      readonly columnNames: readonly string[] | null;
      readonly fields: readonly StructField[] | null;
      readonly columnIds: readonly number[] | null;
    }
  | { readonly type: 'project'; readonly input: Relation; readonly expressions: readonly Expression[] }
  | { readonly type: 'filter'; readonly input: Relation; readonly condition: Expression }
  | {
      readonly type: 'join';
      readonly left: Relation;
      readonly right: Relation;
      readonly kind: JoinKind;
      readonly condition: Expression | null;
      readonly usingColumns: readonly string[];
      readonly isNatural: boolean;
      readonly isLateral: boolean;
    }
  | {
      readonly type: 'set-op';
      readonly kind: 'union' | 'intersect' | 'except';
      readonly left: Relation;
      readonly right: Relation;
      readonly isAll: boolean;
      readonly byName: boolean;
      readonly allowMissingColumns: boolean;
    }
  | {
      readonly type: 'aggregate';
      readonly input: Relation;
      readonly groupKind: 'group-by' | 'all' | 'rollup' | 'cube' | 'grouping-sets';
      readonly grouping: readonly Expression[];
      readonly groupingSets: readonly (readonly number[])[];
      readonly aggregates: readonly Expression[];
      readonly having: Expression | null;
    }
  | {
      readonly type: 'sort';
      readonly input: Relation;
      readonly order: readonly SortOrder[];
      readonly isGlobal: boolean;
    }
  | { readonly type: 'limit'; readonly input: Relation; readonly limit: Expression }
  | { readonly type: 'offset'; readonly input: Relation; readonly offset: Expression }
  | { readonly type: 'tail'; readonly input: Relation; readonly limit: number }
  | {
      readonly type: 'subquery-alias';
      readonly input: Relation;
      readonly alias: string;
      readonly columnAliases: readonly string[];
    }
  | {
      readonly type: 'repartition';
      readonly input: Relation;
      readonly numPartitions: number;
      readonly shuffle: boolean;
    }
  | {
      readonly type: 'repartition-by-expression';
      readonly input: Relation;
      readonly numPartitions: number | null;
      readonly expressions: readonly SortOrder[];
      readonly isRange: boolean;
    }
  | {
      readonly type: 'sample';
      readonly input: Relation;
      readonly lower: number;
      readonly upper: number;
      readonly withReplacement: boolean;
      readonly seed: number;
    }
  | {
      readonly type: 'hint';
      readonly input: Relation;
      readonly name: string;
      readonly parameters: readonly Expression[];
    }
  | { readonly type: 'with-ctes'; readonly ctes: readonly Cte[]; readonly input: Relation }
  | { readonly type: 'with-columns'; readonly input: Relation; readonly aliases: readonly Expression[] }
  | {
      readonly type: 'with-columns-renamed';
      readonly input: Relation;
      readonly renames: readonly (readonly [string, string])[];
    }
  | { readonly type: 'drop'; readonly input: Relation; readonly columns: readonly Expression[] }
  | { readonly type: 'to-df'; readonly input: Relation; readonly columnNames: readonly string[] }
  | { readonly type: 'deduplicate'; readonly input: Relation; readonly columnNames: readonly string[] }
  | { readonly type: 'plan-id'; readonly input: Relation; readonly planId: number }
  | {
      readonly type: 'write';
      readonly input: Relation;
      readonly format: string;
      readonly path: string;
      readonly options: readonly (readonly [string, string])[];
      readonly partitionBy: readonly string[];
    };

export type ReadSource =
  | { readonly type: 'named-table'; readonly parts: readonly string[] }
  | {
      readonly type: 'data-source';
      readonly format: string;
      readonly paths: readonly string[];
      readonly options: readonly (readonly [string, string])[];
      readonly schema: readonly StructField[] | null;
    }
  | {
      readonly type: 'table';
      readonly key: string;
      readonly fields: readonly StructField[];
      readonly columnIds: readonly number[];
    };

export type JoinKind = 'inner' | 'full-outer' | 'left-outer' | 'right-outer' | 'left-anti' | 'left-semi' | 'cross';

export interface Cte {
  readonly name: string;
  readonly columnAliases: readonly string[];
  readonly plan: Relation;
}
