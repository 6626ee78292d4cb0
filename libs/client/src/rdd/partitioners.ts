import type { Aggregator, LineageOperator, ShuffleDependency } from '@kiln/contracts';
import type { SentFunction } from './function-source.ts';
import {
  type FunctionNumbers,
  type Partitioner,
  type ResolveContext,
  type ResolvedRdd,
  samePartitioner,
} from './rdd-node.ts';

export function hashPartitioner(partitions: number): Partitioner {
  return { partitions, kind: 'hash', identity: 'hash', toData: () => ({ type: 'hash' }) };
}

/** Two are the same when the function is the same object. */
export function functionPartitioner(partitions: number, fn: SentFunction): Partitioner {
  const toData = (functions: FunctionNumbers) => ({ type: 'function', function: functions(fn) }) as const;
  return { partitions, kind: 'function', identity: fn.local ?? fn, toData };
}

/**
 * Spark's `defaultPartitioner`: that of the parent which has the most partitions, if one is partitioned; else by hash, into
 * `spark.default.parallelism` partitions if it is set, and as many as the largest parent has if it is not.
 */
export function defaultPartitioner(
  parents: readonly ResolvedRdd[],
  asked: number | null,
  context: ResolveContext,
): Partitioner {
  if (asked !== null) return hashPartitioner(asked);
  const [known] = parents.flatMap(({ partitioner }) => partitioner ?? []).sort((a, b) => b.partitions - a.partitions);
  const largest = Math.max(1, ...parents.map(({ partitions }) => partitions));
  const count = context.setParallelism ?? largest;
  // One of far fewer partitions would leave slots idle.
  if (known !== undefined && (known.partitions * 10 >= largest || known.partitions >= count)) return known;
  return hashPartitioner(count);
}

/** What is done with the values of a key. */
export interface AggregatorSpec {
  readonly create: SentFunction | null;
  readonly merge: 'group' | 'first' | { readonly value: SentFunction; readonly combiners: SentFunction };
  readonly mapSide: boolean;
  readonly zero: Uint8Array | null;
}

export function aggregatorData(
  { create, merge, mapSide, zero }: AggregatorSpec,
  functions: FunctionNumbers,
): Aggregator {
  return {
    create: create === null ? null : functions(create),
    merge: typeof merge === 'string' ? merge : { value: functions(merge.value), combiners: functions(merge.combiners) },
    mapSide,
    zero,
  };
}

/** Moves the records of an RDD, or combines them where they are if they are partitioned so already. */
export function exchanged(
  parent: ResolvedRdd,
  id: number,
  partitioner: Partitioner,
  spec: AggregatorSpec | null,
): ResolvedRdd {
  const { partitions } = partitioner;
  const operator = (functions: FunctionNumbers): LineageOperator => {
    const aggregator = spec === null ? null : aggregatorData(spec, functions);
    if (samePartitioner(parent.partitioner, partitioner))
      return aggregator === null ? { type: 'union' } : { type: 'combine', aggregator };
    return { type: 'shuffle', shuffle: dependency(id, partitioner, functions, aggregator) };
  };
  return { partitions, partitioner, operator };
}

export function dependency(
  id: number,
  partitioner: Partitioner,
  functions: FunctionNumbers,
  aggregator: Aggregator | null = null,
  sort: ShuffleDependency['sort'] = null,
): ShuffleDependency {
  return { id, partitions: partitioner.partitions, partitioner: partitioner.toData(functions), aggregator, sort };
}
