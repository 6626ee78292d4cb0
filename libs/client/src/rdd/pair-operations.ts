import { encode } from '@kiln/engine/records';
import type { ActionOptions } from '../dataframe/frame-actions.ts';
import { clientError } from '../errors.ts';
import { type FunctionOptions, type SentFunction, sentFunction } from './function-source.ts';
import {
  type AggregatorSpec,
  defaultPartitioner,
  dependency,
  exchanged,
  functionPartitioner,
  hashPartitioner,
} from './partitioners.ts';
import { rangePartitioner } from './range-bounds.ts';
import type { RDD } from './rdd.ts';
import { RddActions } from './rdd-actions.ts';
import { type Partitioner, RddNode, type ResolveContext, type ResolvedRdd, samePartitioner } from './rdd-node.ts';

/** A key and its value. */
export type Pair<K, V> = readonly [key: K, value: V];

interface NumPartitions {
  /** Partitions of the result; as many as the largest parent has when left out (or `spark.default.parallelism`, if it is set). */
  readonly numPartitions?: number;
}

/** How a shuffle is made. */
export interface ShuffleOptions<A = undefined> extends NumPartitions, Partial<FunctionOptions<A>> {}

type Combine<C, A> = (a: C, b: C, args: A) => C;

/** What RDDs of pairs can do besides: `this` says so, and TypeScript refuses it for others. */
export abstract class PairOperations<T> extends RddActions<T> {
  protected abstract derived<U>(node: RddNode): RDD<U>;

  keys<K, V>(this: PairOperations<Pair<K, V>>): RDD<K> {
    return this.narrow('keys', () => ({ type: 'keys' }));
  }

  values<K, V>(this: PairOperations<Pair<K, V>>): RDD<V> {
    return this.narrow('values', () => ({ type: 'values' }));
  }

  /** Other values; keys and partitions stay. */
  mapValues<K, V, U, A = undefined>(
    this: PairOperations<Pair<K, V>>,
    fn: (value: V, args: A) => U,
    options?: FunctionOptions<A>,
  ): RDD<[K, U]> {
    const sent = sentFunction('mapValues', fn, options);
    return this.narrow('mapValues', (functions) => ({ type: 'map-values', function: functions(sent) }), true);
  }

  /** Any number of values for each; keys and partitions stay. */
  flatMapValues<K, V, U, A = undefined>(
    this: PairOperations<Pair<K, V>>,
    fn: (value: V, args: A) => Iterable<U>,
    options?: FunctionOptions<A>,
  ): RDD<[K, U]> {
    const sent = sentFunction('flatMapValues', fn, options);
    return this.narrow('flatMapValues', (functions) => ({ type: 'flat-map-values', function: functions(sent) }), true);
  }

  /** One value for each key, by a function that may take them in any order. Values are combined before the shuffle too. */
  reduceByKey<K, V, A = undefined>(
    this: PairOperations<Pair<K, V>>,
    fn: Combine<V, A>,
    options: ShuffleOptions<A> = {},
  ): RDD<[K, V]> {
    const sent = sentFunction('reduceByKey', fn, argsOf(options));
    return this.#combined('reduceByKey', { create: null, merge: both(sent), mapSide: true, zero: null }, options);
  }

  /** As {@link reduceByKey}, beginning with `zero` for each key (in each partition). */
  foldByKey<K, V, A = undefined>(
    this: PairOperations<Pair<K, V>>,
    zero: V,
    fn: Combine<V, A>,
    options: ShuffleOptions<A> = {},
  ): RDD<[K, V]> {
    const sent = sentFunction('foldByKey', fn, argsOf(options));
    return this.#combined('foldByKey', { create: null, merge: both(sent), mapSide: true, zero: encode(zero) }, options);
  }

  /** A value of another kind for each key: `sequence` adds values to it, `combine` joins those of partitions. */
  aggregateByKey<K, V, U, A = undefined>(
    this: PairOperations<Pair<K, V>>,
    zero: U,
    sequence: (state: U, value: V, args: A) => U,
    combine: Combine<U, A>,
    options: ShuffleOptions<A> = {},
  ): RDD<[K, U]> {
    const args = argsOf(options);
    const merge = {
      value: sentFunction('aggregateByKey', sequence, args),
      combiners: sentFunction('aggregateByKey', combine, args),
    };
    return this.#combined('aggregateByKey', { create: null, merge, mapSide: true, zero: encode(zero) }, options);
  }

  /** The general form: a combiner made of a first value, to which values are added, and which are joined. */
  combineByKey<K, V, C, A = undefined>(
    this: PairOperations<Pair<K, V>>,
    createCombiner: (value: V, args: A) => C,
    mergeValue: (combiner: C, value: V, args: A) => C,
    mergeCombiners: Combine<C, A>,
    options: ShuffleOptions<A> & { readonly mapSideCombine?: boolean } = {},
  ): RDD<[K, C]> {
    const args = argsOf(options);
    const spec: AggregatorSpec = {
      create: sentFunction('combineByKey', createCombiner, args),
      merge: {
        value: sentFunction('combineByKey', mergeValue, args),
        combiners: sentFunction('combineByKey', mergeCombiners, args),
      },
      mapSide: options.mapSideCombine ?? true,
      zero: null,
    };
    return this.#combined('combineByKey', spec, options);
  }

  /** All values of each key in one array; where a function of two of them will do, {@link reduceByKey} moves far less. */
  groupByKey<K, V>(this: PairOperations<Pair<K, V>>, options: ShuffleOptions = {}): RDD<[K, V[]]> {
    return this.#combined('groupByKey', { create: null, merge: 'group', mapSide: false, zero: null }, options);
  }

  /** Pairs by the hash of their key, or by a function that gives a key's partition. Later operations by key need no shuffle then. */
  partitionBy<K, V, A = undefined>(
    this: PairOperations<Pair<K, V>>,
    numPartitions: number,
    partition?: (key: K, args: A) => number,
    options?: FunctionOptions<A>,
  ): RDD<[K, V]> {
    checkPartitions(numPartitions);
    const partitioner =
      partition === undefined
        ? hashPartitioner(numPartitions)
        : functionPartitioner(numPartitions, sentFunction('partitionBy', partition, options));
    return this.#exchange('partitionBy', () => partitioner, null);
  }

  /**
   * In the order of the keys, over all partitions: ranges of keys are found by a sample (a job of its own when it is first run), and
   * each is sorted in the heap of its worker, and on disk beyond that.
   */
  sortByKey<K, V>(
    this: PairOperations<Pair<K, V>>,
    options: { readonly ascending?: boolean; readonly numPartitions?: number } = {},
  ): RDD<[K, V]> {
    const { ascending = true, numPartitions } = options;
    if (numPartitions !== undefined) checkPartitions(numPartitions);
    const keys = this.keys() as unknown as { readonly node: RddNode };
    return this.#shuffled('sortByKey', async ([parent], id, context) => {
      const wanted = numPartitions ?? parent.partitions;
      const partitioner = await rangePartitioner(keys.node, parent, wanted, ascending, context);
      const sort = ascending ? 'ascending' : 'descending';
      return {
        partitions: partitioner.partitions,
        partitioner,
        operator: (functions) => ({ type: 'shuffle', shuffle: dependency(id, partitioner, functions, null, sort) }),
      };
    });
  }

  /** Values of both for the keys that both have. */
  join<K, V, W>(
    this: PairOperations<Pair<K, V>>,
    other: PairOperations<Pair<K, W>>,
    options: ShuffleOptions = {},
  ): RDD<[K, [V, W]]> {
    return this.#joined('join', 'inner', other, options);
  }

  /** As {@link join}; `undefined` where the other has none. */
  leftOuterJoin<K, V, W>(
    this: PairOperations<Pair<K, V>>,
    other: PairOperations<Pair<K, W>>,
    options: ShuffleOptions = {},
  ): RDD<[K, [V, W | undefined]]> {
    return this.#joined('leftOuterJoin', 'left', other, options);
  }

  /** As {@link join}; `undefined` where this one has none. */
  rightOuterJoin<K, V, W>(
    this: PairOperations<Pair<K, V>>,
    other: PairOperations<Pair<K, W>>,
    options: ShuffleOptions = {},
  ): RDD<[K, [V | undefined, W]]> {
    return this.#joined('rightOuterJoin', 'right', other, options);
  }

  /** As {@link join}; `undefined` where one has none. */
  fullOuterJoin<K, V, W>(
    this: PairOperations<Pair<K, V>>,
    other: PairOperations<Pair<K, W>>,
    options: ShuffleOptions = {},
  ): RDD<[K, [V | undefined, W | undefined]]> {
    return this.#joined('fullOuterJoin', 'full', other, options);
  }

  /** Pairs whose key the other does not have. */
  subtractByKey<K, V, W>(
    this: PairOperations<Pair<K, V>>,
    other: PairOperations<Pair<K, W>>,
    options: ShuffleOptions = {},
  ): RDD<[K, V]> {
    return this.#joined('subtractByKey', 'subtract', other, options);
  }

  /** All values of each key of any of them, an array for each RDD. */
  cogroup<K, V, W>(
    this: PairOperations<Pair<K, V>>,
    other: PairOperations<Pair<K, W>>,
    options: ShuffleOptions = {},
  ): RDD<[K, [V[], W[]]]> {
    return this.derived(this.#cogrouped('cogroup', other, options));
  }

  /** How often each key is there. */
  async countByKey<K, V>(this: PairOperations<Pair<K, V>>, options: ActionOptions = {}): Promise<Map<K, number>> {
    return this.keys().countByValue({ description: 'countByKey', ...options });
  }

  /** The pairs as a map; of several values of a key the last. Keys that are objects are each their own. */
  async collectAsMap<K, V>(this: PairOperations<Pair<K, V>>, options: ActionOptions = {}): Promise<Map<K, V>> {
    return new Map(await this.collect({ description: 'collectAsMap', ...options }));
  }

  // ---- nodes

  protected narrow<U>(name: string, operator: ResolvedRdd['operator'], keepsPartitions = false): RDD<U> {
    const node = new RddNode(this.runner.nextId(), name, [this.node], ([parent]) => {
      const { partitions, partitioner } = parent as ResolvedRdd;
      return { partitions, partitioner: keepsPartitions ? partitioner : null, operator };
    });
    return this.derived(node);
  }

  #combined<U>(name: string, spec: AggregatorSpec, { numPartitions }: NumPartitions): RDD<U> {
    if (numPartitions !== undefined) checkPartitions(numPartitions);
    const choose = (parent: ResolvedRdd, context: ResolveContext) =>
      defaultPartitioner([parent], numPartitions ?? null, context);
    return this.#exchange(name, choose, spec);
  }

  #exchange<U>(
    name: string,
    choose: (parent: ResolvedRdd, context: ResolveContext) => Partitioner,
    spec: AggregatorSpec | null,
  ): RDD<U> {
    return this.#shuffled(name, ([parent], id, context) => exchanged(parent, id, choose(parent, context), spec));
  }

  /** A node with a shuffle of its own, should it need one. */
  #shuffled<U>(
    name: string,
    resolve: (parents: [ResolvedRdd], id: number, context: ResolveContext) => ResolvedRdd | Promise<ResolvedRdd>,
  ): RDD<U> {
    const node: RddNode = new RddNode(this.runner.nextId(), name, [this.node], (parents, context) =>
      resolve(parents as [ResolvedRdd], shuffle, context),
    );
    const shuffle = this.runner.newShuffle(node);
    return this.derived(node);
  }

  #joined<U>(
    name: string,
    kind: 'inner' | 'left' | 'right' | 'full' | 'subtract',
    other: { readonly id: number },
    options: NumPartitions,
  ): RDD<U> {
    const grouped = this.#cogrouped(name, other, options);
    const node = new RddNode(this.runner.nextId(), name, [grouped], ([parent]) => {
      return { ...(parent as ResolvedRdd), operator: () => ({ type: 'join', kind }) };
    });
    return this.derived(node);
  }

  #cogrouped(name: string, other: { readonly id: number }, { numPartitions }: NumPartitions): RddNode {
    if (numPartitions !== undefined) checkPartitions(numPartitions);
    const parents = [this.node, (other as unknown as { readonly node: RddNode }).node];
    const node: RddNode = new RddNode(this.runner.nextId(), name, parents, (resolved, context) => {
      const partitioner = defaultPartitioner(resolved, numPartitions ?? null, context);
      return {
        partitions: partitioner.partitions,
        partitioner,
        operator: (functions) => ({
          type: 'cogroup',
          shuffles: resolved.map((parent, index) =>
            samePartitioner(parent.partitioner, partitioner)
              ? null
              : dependency(shuffles[index] as number, partitioner, functions),
          ),
        }),
      };
    });
    const shuffles = parents.map(() => this.runner.newShuffle(node));
    return node;
  }
}

function both(sent: SentFunction) {
  return { value: sent, combiners: sent };
}

function argsOf<A>({ args }: ShuffleOptions<A>): FunctionOptions<A> | undefined {
  return args === undefined ? undefined : { args };
}

/** Errors: KILN_ARGUMENT. */
export function checkPartitions(count: number): void {
  if (Number.isInteger(count) && count >= 1 && count < 2 ** 31) return;
  throw clientError('KILN_ARGUMENT', `${count} is not a number of partitions.`);
}
