import type { StructField } from '@kiln/contracts';
import type { DataFrame } from '../dataframe/dataframe.ts';
import type { ActionOptions } from '../dataframe/frame-actions.ts';
import { clientError } from '../errors.ts';
import type { RowInput } from '../session/local-rows.ts';
import type { Row } from '../values/value.ts';
import { type FunctionOptions, ownFunction, type SentFunction, sentFunction } from './function-source.ts';
import { checkPartitions, type Pair, PairOperations, type ShuffleOptions } from './pair-operations.ts';
import { type AggregatorSpec, defaultPartitioner, dependency, exchanged, hashPartitioner } from './partitioners.ts';
import { RddNode, type ResolveContext, type ResolvedRdd } from './rdd-node.ts';
import { type RddRunner, recordsOf } from './rdd-runner.ts';

/**
 * A collection of records in partitions, made by functions (Spark's resilient distributed dataset). Immutable and lazy: each method
 * returns another one, and nothing runs before an action (`collect`, `count`, `saveAsTextFile`...). What is lost is made again from what
 * it was made of.
 *
 * Functions run in other threads or processes, and travel as their source: they may use their parameters and globals of Node.js. Other
 * values go with them as `{ args }`, which is their last parameter; functions with imports come from a module (`fromModule`).
 *
 * Records are numbers, texts, booleans, `bigint`s, dates, bytes, `null`, `undefined`, and arrays, plain objects, Maps and Sets of them.
 */
export class RDD<T> extends PairOperations<T> {
  /** Made by `session.sparkContext`. */
  constructor(runner: RddRunner, node: RddNode) {
    super(runner, node);
  }

  // ---- one record at a time

  /** Each record through a function. */
  map<U, A = undefined>(fn: (record: T, args: A) => U, options?: FunctionOptions<A>): RDD<U> {
    return this.derived(this.mapNode(sentFunction('map', fn, options)));
  }

  /** Any number of records for each: an array or another iterable. */
  flatMap<U, A = undefined>(fn: (record: T, args: A) => Iterable<U>, options?: FunctionOptions<A>): RDD<U> {
    const sent = sentFunction('flatMap', fn, options);
    return this.narrow('flatMap', (functions) => ({ type: 'flat-map', function: functions(sent) }));
  }

  /** Records for which a function is true. */
  filter<A = undefined>(fn: (record: T, args: A) => unknown, options?: FunctionOptions<A>): RDD<T> {
    const sent = sentFunction('filter', fn, options);
    return this.narrow('filter', (functions) => ({ type: 'filter', function: functions(sent) }), true);
  }

  /** Pairs of a key of each record and the record. */
  keyBy<K, A = undefined>(fn: (record: T, args: A) => K, options?: FunctionOptions<A>): RDD<[K, T]> {
    const sent = sentFunction('keyBy', fn, options);
    return this.narrow('keyBy', (functions) => ({ type: 'key-by', function: functions(sent) }));
  }

  // ---- a partition at a time

  /** All records of a partition through a function, such as a generator: for what is costly to set up. */
  mapPartitions<U, A = undefined>(
    fn: (records: IterableIterator<T>, args: A) => Iterable<U>,
    options?: FunctionOptions<A>,
  ): RDD<U> {
    const sent = sentFunction('mapPartitions', fn, options);
    return this.narrow('mapPartitions', (functions) => ({ type: 'map-partitions', function: functions(sent) }));
  }

  /** As {@link mapPartitions}, with the partition's number. */
  mapPartitionsWithIndex<U, A = undefined>(
    fn: (index: number, records: IterableIterator<T>, args: A) => Iterable<U>,
    options?: FunctionOptions<A>,
  ): RDD<U> {
    const sent = sentFunction('mapPartitionsWithIndex', fn, options);
    return this.narrow('mapPartitionsWithIndex', (functions) => ({
      type: 'map-partitions-with-index',
      function: functions(sent),
    }));
  }

  /** Each partition as one array. */
  glom(): RDD<T[]> {
    return this.narrow('glom', () => ({ type: 'glom' }));
  }

  // ---- by key

  /** Records by a key of theirs. */
  groupBy<K, A = undefined>(fn: (record: T, args: A) => K, options: ShuffleOptions<A> = {}): RDD<[K, T[]]> {
    const { numPartitions, args } = options;
    const keyed = this.keyBy(fn, args === undefined ? undefined : { args });
    return keyed.groupByKey(numPartitions === undefined ? {} : { numPartitions });
  }

  /** In the order of a key of each record, over all partitions; see {@link sortByKey}. */
  sortBy<K, A = undefined>(
    fn: (record: T, args: A) => K,
    options: { readonly ascending?: boolean } & ShuffleOptions<A> = {},
  ): RDD<T> {
    const { args, ascending = true, numPartitions } = options;
    const keyed = this.keyBy(fn, args === undefined ? undefined : { args });
    return keyed.sortByKey({ ascending, ...(numPartitions === undefined ? {} : { numPartitions }) }).values();
  }

  /** Each record once. Arrays and objects are the same when their content is. */
  distinct(options: ShuffleOptions = {}): RDD<T> {
    const { numPartitions } = options;
    if (numPartitions !== undefined) checkPartitions(numPartitions);
    const pairs = this.narrow<Pair<T, null>>('distinct', (functions) => ({
      type: 'map',
      function: functions(withNull),
    }));
    const spec: AggregatorSpec = { create: null, merge: 'first', mapSide: true, zero: null };
    const node: RddNode = new RddNode(this.runner.nextId(), 'distinct', [pairs.node], ([parent], context) =>
      exchanged(
        parent as ResolvedRdd,
        shuffle,
        defaultPartitioner([parent as ResolvedRdd], numPartitions ?? null, context),
        spec,
      ),
    );
    const shuffle = this.runner.newShuffle(node);
    return this.derived<Pair<T, null>>(node).keys();
  }

  // ---- partitions

  /** The records of all of them, partitions one after another. */
  union(...others: readonly RDD<T>[]): RDD<T> {
    return this.derived(unionNode(this.runner, [this, ...others]));
  }

  /** So many partitions of about equal size: every record moves. */
  repartition(numPartitions: number): RDD<T> {
    checkPartitions(numPartitions);
    const node: RddNode = new RddNode(this.runner.nextId(), 'repartition', [this.node], () => {
      const dealt = { ...hashPartitioner(numPartitions), toData: () => ({ type: 'round-robin' }) as const };
      const operator: ResolvedRdd['operator'] = (functions) => {
        return { type: 'shuffle', shuffle: dependency(shuffle, dealt, functions) };
      };
      return { partitions: numPartitions, partitioner: null, operator };
    });
    const shuffle = this.runner.newShuffle(node);
    return this.derived(node);
  }

  /** Fewer partitions, without moving records: neighbours are read one after another. More than there are is as many as there are. */
  coalesce(numPartitions: number): RDD<T> {
    checkPartitions(numPartitions);
    const node = new RddNode(this.runner.nextId(), 'coalesce', [this.node], ([parent]) => {
      const from = (parent as ResolvedRdd).partitions;
      const count = Math.min(numPartitions, from);
      const at = (group: number) => Math.floor((group * from) / count);
      const groups = Array.from({ length: count }, (_, group) => {
        return Array.from({ length: at(group + 1) - at(group) }, (_unused, i) => at(group) + i);
      });
      return { partitions: count, partitioner: null, operator: () => ({ type: 'coalesce', groups }) };
    });
    return this.derived(node);
  }

  /** Pairs of each record and its number, in the order of the partitions. With more than one partition a job counts them first. */
  zipWithIndex(): RDD<[T, number]> {
    const node = new RddNode(this.runner.nextId(), 'zipWithIndex', [this.node], async ([parent], context) => {
      const { partitions } = parent as ResolvedRdd;
      const starts = await startsOf(this.node, partitions, context);
      return { partitions, partitioner: null, operator: () => ({ type: 'zip-with-index', starts }) };
    });
    return this.derived(node);
  }

  /** About this part of the records, each as likely as any other. Only without replacement. The same seed gives the same records. */
  sample(withReplacement: false, fraction: number, seed: number = Math.floor(Math.random() * 2 ** 31)): RDD<T> {
    if (withReplacement || !(fraction >= 0 && fraction <= 1))
      throw clientError(
        'KILN_ARGUMENT',
        'sample takes false (with replacement is not supported) and a fraction from 0 to 1.',
      );
    return this.narrow('sample', () => ({ type: 'sample', fraction, seed }), true);
  }

  /**
   * Runs the RDD and makes a DataFrame of its records, which are rows: objects by column name or arrays by position. `schema` is as for
   * `session.createDataFrame`: `'word string, n bigint'`, fields, or names. The rows go through this thread (limit:
   * `spark.driver.maxResultSize`).
   */
  async toDF<R extends object = Row>(
    this: RDD<RowInput>,
    schema: string | readonly StructField[] | readonly string[],
    options: ActionOptions = {},
  ): Promise<DataFrame<R>> {
    const rows = await this.collect({ description: 'toDF', ...options });
    return this.runner.createDataFrame(rows, schema).as<R>();
  }

  protected override mapNode(sent: SentFunction): RddNode {
    return this.narrow('map', (functions) => ({ type: 'map', function: functions(sent) })).node;
  }

  protected override derived<U>(node: RddNode): RDD<U> {
    return new RDD<U>(this.runner, node);
  }
}

const withNull = ownFunction('distinct', '(record) => [record, null]');

export function unionNode<T>(runner: RddRunner, rdds: readonly RDD<T>[]): RddNode {
  const nodes = rdds.map((rdd) => (rdd as unknown as { readonly node: RddNode }).node);
  return new RddNode(runner.nextId(), 'union', nodes, (parents) => {
    const partitions = parents.reduce((sum, parent) => sum + parent.partitions, 0);
    return { partitions, partitioner: null, operator: () => ({ type: 'union' }) };
  });
}

async function startsOf(node: RddNode, partitions: number, context: ResolveContext): Promise<readonly number[]> {
  if (partitions <= 1) return [0];
  const counted = Array.from({ length: partitions - 1 }, (_, partition) => partition);
  const counts = await recordsOf<number>(context.run(node, { type: 'count' }, counted, 'count records to number them'));
  const starts = [0];
  for (const count of counts) starts.push((starts.at(-1) as number) + count);
  return starts;
}
