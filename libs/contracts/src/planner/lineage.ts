import type { WriteMode } from '../storage/output-committer.ts';

/**
 * An action on an RDD as data: how its partitions come about, and what is wanted of them. The driver cuts it into stages at the shuffles.
 *
 * Records are values of JavaScript; where they cross a thread or a process they are encoded (`@kiln/engine/records`).
 */
export interface Lineage {
  /** In dependency order: parents before children. The action is on the last one. */
  readonly nodes: readonly LineageNode[];
  readonly functions: readonly FunctionSource[];
  readonly action: LineageAction;
  /** Partitions of the last node that are wanted (`take` begins with the first); result i is that of `partitions[i]`. */
  readonly partitions: readonly number[];
}

/** One RDD. */
export interface LineageNode {
  /** For people: `reduceByKey at count.ts:12`. */
  readonly name: string;
  readonly partitions: number;
  /** Indices of nodes. */
  readonly parents: readonly number[];
  readonly operator: LineageOperator;
}

/** `function`: an index of {@link Lineage.functions}. Operators without one are Kiln's own. */
export type LineageOperator =
  /** Encoded records of each partition. */
  | { readonly type: 'parallelize'; readonly slices: readonly Uint8Array[] }
  | { readonly type: 'range'; readonly start: number; readonly end: number; readonly step: number }
  /** Lines; the split of each partition. */
  | { readonly type: 'text'; readonly splits: readonly TextSplit[] }
  | { readonly type: FunctionOperator; readonly function: number }
  | { readonly type: 'keys' | 'values' | 'glom' }
  /** Number of the first record of each partition. */
  | { readonly type: 'zip-with-index'; readonly starts: readonly number[] }
  | { readonly type: 'sample'; readonly fraction: number; readonly seed: number }
  /** Partitions of the parents one after another. */
  | { readonly type: 'union' }
  /** Partition p is these partitions of the parent, one after another. */
  | { readonly type: 'coalesce'; readonly groups: readonly (readonly number[])[] }
  /** The values of each key of its one parent, which has all records of a key in one partition. */
  | { readonly type: 'combine'; readonly aggregator: Aggregator }
  /** The records of its one parent, moved. */
  | { readonly type: 'shuffle'; readonly shuffle: ShuffleDependency }
  /** `[key, [values of parent 0, values of parent 1, ..]]`; `null`: that parent is partitioned alike and does not move. */
  | { readonly type: 'cogroup'; readonly shuffles: readonly (ShuffleDependency | null)[] }
  /** `[key, [a, b]]` of a cogroup of two. */
  | { readonly type: 'join'; readonly kind: 'inner' | 'left' | 'right' | 'full' | 'subtract' };

export type FunctionOperator =
  | 'map'
  | 'flat-map'
  | 'filter'
  | 'key-by'
  | 'map-values'
  | 'flat-map-values'
  /** `(records) => records` */
  | 'map-partitions'
  /** `(index, records) => records` */
  | 'map-partitions-with-index';

export interface ShuffleDependency {
  /** The same number is the same shuffle in every action on this engine: its map outputs are used again. */
  readonly id: number;
  readonly partitions: number;
  readonly partitioner: ShufflePartitioner;
  /** Records are `[key, value]` and values of one key are joined into a combiner; `null`: they are not. */
  readonly aggregator: Aggregator | null;
  /** Each partition is sorted by key. */
  readonly sort: 'ascending' | 'descending' | null;
}

export type ShufflePartitioner =
  /** By Spark's hash of the key. */
  | { readonly type: 'hash' }
  /** `bounds`: encoded keys, ascending; keys up to `bounds[0]` come first. */
  | { readonly type: 'range'; readonly bounds: Uint8Array; readonly ascending: boolean }
  /** In turn, whatever the record is; it need not be a pair. */
  | { readonly type: 'round-robin' }
  /** A user's function of the key, which gives the number of a partition. */
  | { readonly type: 'function'; readonly function: number };

export interface Aggregator {
  /** `null`: the value itself is the combiner. */
  readonly create: number | null;
  /** `group`: combiners are arrays to which values are added (`groupByKey`). */
  readonly merge: 'group' | 'first' | { readonly value: number; readonly combiners: number };
  /** Before the shuffle too. */
  readonly mapSide: boolean;
  /** Encoded: a zero value of which each combiner gets a fresh copy, as the first argument of `merge.value`; then `create` is `null`. */
  readonly zero: Uint8Array | null;
}

/** What is sent back of each partition, encoded. */
export type LineageAction =
  | { readonly type: 'collect' }
  /** The first records. */
  | { readonly type: 'take'; readonly count: number }
  | { readonly type: 'count' }
  /** `(records) => anything`, a promise too; nothing is sent back. */
  | { readonly type: 'foreach-partition'; readonly function: number }
  /** `[record, count]` of each different record. */
  | { readonly type: 'count-by-value' }
  /** At most one record each. */
  | { readonly type: 'reduce'; readonly function: number }
  /** One record each; `zero` is encoded. */
  | { readonly type: 'aggregate'; readonly zero: Uint8Array; readonly function: number }
  /** `[number of records, a sample of at most this many of them]`. */
  | { readonly type: 'sample'; readonly count: number; readonly seed: number }
  /** Texts of the records as lines of files. */
  | { readonly type: 'save-text'; readonly path: string; readonly mode: WriteMode };

/** Bytes of a file; a line belongs to the split in which it begins. */
export interface TextSplit {
  readonly path: string;
  readonly start: number;
  readonly length: number;
}

/** A function that is sent as source. */
export interface FunctionSource {
  /** For stacks: `map at count.ts:12`. */
  readonly name: string;
  readonly code: FunctionCode;
  /** Encoded: passed after the operator's own arguments; `null`: there are none. */
  readonly args: Uint8Array | null;
}

export type FunctionCode =
  /** An expression. */
  | { readonly type: 'source'; readonly text: string }
  /** A bundle in CommonJS, with the source map as JSON, and the name under which it exports the function. */
  | { readonly type: 'module'; readonly text: string; readonly map: string; readonly export: string };

/** What one stage of a lineage runs: the program of the task runner `closure`, as bytes of `v8.serialize`. */
export interface ClosureProgram {
  /** The nodes of the stage; parents that are in other stages are shuffles or `null`s there. */
  readonly nodes: readonly LineageNode[];
  readonly functions: readonly FunctionSource[];
  /** Partition of the last node, by task. */
  readonly partitions: readonly number[];
  readonly output: ClosureOutput;
  /** Engine-wide ids of the shuffles that it reads, by `ShuffleDependency.id`. */
  readonly shuffleIds: Readonly<Record<number, number>>;
}

export type ClosureOutput =
  | {
      readonly type: 'shuffle';
      readonly shuffleId: number;
      readonly shuffle: ShuffleDependency;
      readonly determinism: 'determinate' | 'unordered' | 'indeterminate';
    }
  | { readonly type: 'action'; readonly action: LineageAction };
