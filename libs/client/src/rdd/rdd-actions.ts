import { resolve } from 'node:path';
import { decodeAll, encode, identityOf, isOwnIdentity } from '@kiln/engine/records';
import type { ActionOptions } from '../dataframe/frame-actions.ts';
import type { WriteResult } from '../engine-port.ts';
import { clientError } from '../errors.ts';
import { debugString } from './debug-string.ts';
import { importFunction } from './from-module.ts';
import { type AnyFunction, type FunctionOptions, type SentFunction, sentFunction } from './function-source.ts';
import { ancestry, type RddNode, resolveAll } from './rdd-node.ts';
import { type RddRunner, recordsOf } from './rdd-runner.ts';

/** How an action is called and cancelled, and what its function gets. */
export interface FunctionActionOptions<A> extends ActionOptions, Partial<FunctionOptions<A>> {}

/** `take` looks at so many times more partitions when it has too few records (`spark.rdd.limit.scaleUpFactor`). */
const scaleUp = 4;

/** The half of an RDD that runs things. Everything here asks the engine. */
export abstract class RddActions<T> {
  /** Tells TypeScript what an RDD holds; there is no such field. */
  declare readonly recordType: T;
  readonly #runner: RddRunner;
  readonly #node: RddNode;

  protected constructor(runner: RddRunner, node: RddNode) {
    this.#runner = runner;
    this.#node = node;
  }

  /** Unique in the engine. */
  get id(): number {
    return this.#node.id;
  }

  protected get runner(): RddRunner {
    return this.#runner;
  }

  protected get node(): RddNode {
    return this.#node;
  }

  /** Files are looked at, and a sort samples its keys, when it has to be known. */
  getNumPartitions(): Promise<number> {
    return this.#runner.numPartitions(this.#node);
  }

  /** The RDD and what it is made of, a shuffle a step to the right, as Spark shows it. */
  async toDebugString(): Promise<string> {
    return debugString(this.#node, await resolveAll(ancestry(this.#node), this.#runner));
  }

  /** All records in the order of the partitions, in the memory of this thread (limit: `spark.driver.maxResultSize`). */
  async collect(options: ActionOptions = {}): Promise<T[]> {
    return recordsOf<T>(this.#runner.run(this.#node, { type: 'collect' }, null, 'collect', options));
  }

  /** Records one by one, in order, as partitions are ready. */
  async *toLocalIterator(options: ActionOptions = {}): AsyncGenerator<T, void, undefined> {
    const results = this.#runner.run(this.#node, { type: 'collect' }, null, 'toLocalIterator', options);
    for await (const result of results) yield* decodeAll(result) as T[];
  }

  async count(options: ActionOptions = {}): Promise<number> {
    const counts = await recordsOf<number>(this.#runner.run(this.#node, { type: 'count' }, null, 'count', options));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** The first `count` records: of the first partition, and of more of them if those are too few. */
  async take(count: number, options: ActionOptions = {}): Promise<T[]> {
    if (!Number.isInteger(count) || count < 0)
      throw clientError('KILN_ARGUMENT', `${count} is not a number of records.`);
    const partitions = count === 0 ? 0 : await this.getNumPartitions();
    const taken: T[] = [];
    for (let [next, width] = [0, 1]; next < partitions && taken.length < count; next += width, width *= scaleUp) {
      const wanted = Array.from({ length: Math.min(width, partitions - next) }, (_, i) => next + i);
      const action = { type: 'take', count: count - taken.length } as const;
      taken.push(...(await recordsOf<T>(this.#runner.run(this.#node, action, wanted, `take ${count}`, options))));
    }
    return taken.slice(0, count);
  }

  /** Errors: KILN_EMPTY. */
  async first(options: ActionOptions = {}): Promise<T> {
    const [record] = await this.take(1, options);
    if (record === undefined) throw emptyError('first');
    return record;
  }

  async isEmpty(options: ActionOptions = {}): Promise<boolean> {
    return (await this.take(1, options)).length === 0;
  }

  /** One record of all, by a function that may take them in any order. Errors: KILN_EMPTY. */
  async reduce<A = undefined>(fn: (a: T, b: T, args: A) => T, options: FunctionActionOptions<A> = {}): Promise<T> {
    const sent = this.#sent('reduce', fn, options);
    const parts = await this.#records<T>(
      (functions) => ({ type: 'reduce', function: functions(sent) }),
      'reduce',
      options,
    );
    if (parts.length === 0) throw emptyError('reduce');
    const local = await localOf<T>(sent, fn);
    return parts.reduce((a, b) => local(a, b, options.args));
  }

  /** As {@link reduce}, beginning with `zero` in each partition and once more here. */
  async fold<A = undefined>(
    zero: T,
    fn: (a: T, b: T, args: A) => T,
    options: FunctionActionOptions<A> = {},
  ): Promise<T> {
    const sent = this.#sent('fold', fn, options);
    const bytes = encode(zero);
    const parts = await this.#records<T>(
      (functions) => ({ type: 'aggregate', zero: bytes, function: functions(sent) }),
      'fold',
      options,
    );
    const local = await localOf<T>(sent, fn);
    return parts.reduce((a, b) => local(a, b, options.args), zero);
  }

  /** A value of another kind: `sequence` adds records to it, `combine` joins those of partitions. */
  async aggregate<U, A = undefined>(
    zero: U,
    sequence: (state: U, record: T, args: A) => U,
    combine: (a: U, b: U, args: A) => U,
    options: FunctionActionOptions<A> = {},
  ): Promise<U> {
    const sent = this.#sent('aggregate', sequence, options);
    const bytes = encode(zero);
    const parts = await this.#records<U>(
      (functions) => ({ type: 'aggregate', zero: bytes, function: functions(sent) }),
      'aggregate',
      options,
    );
    const local = await localOf<U>(this.#sent('aggregate', combine, options), combine);
    return parts.reduce((a, b) => local(a, b, options.args), zero);
  }

  /** Runs a function for each record, where the records are. */
  async foreach<A = undefined>(
    fn: (record: T, args: A) => unknown,
    options: FunctionActionOptions<A> = {},
  ): Promise<void> {
    const sent = this.#sent('foreach', fn, options);
    const each = this.#mapped(sent);
    for await (const _ of this.#runner.run(each, { type: 'count' }, null, 'foreach', options));
  }

  /** Runs a function for each partition, where it is. It may be asynchronous. */
  async foreachPartition<A = undefined>(
    fn: (records: IterableIterator<T>, args: A) => unknown,
    options: FunctionActionOptions<A> = {},
  ): Promise<void> {
    const sent = this.#sent('foreachPartition', fn, options);
    const action = (functions: (fn: SentFunction) => number) =>
      ({ type: 'foreach-partition', function: functions(sent) }) as const;
    for await (const _ of this.#runner.run(this.#node, action, null, 'foreachPartition', options));
  }

  /** How often each record is there. Records that are arrays or objects are one key when their content is equal. */
  async countByValue(options: ActionOptions = {}): Promise<Map<T, number>> {
    const counts = new Map<unknown, { readonly key: T; count: number }>();
    for await (const result of this.#runner.run(
      this.#node,
      { type: 'count-by-value' },
      null,
      'countByValue',
      options,
    )) {
      for (const [key, count] of decodeAll(result) as [T, number][]) {
        const identity = isOwnIdentity(key) ? key : `\0${identityOf(key)}`;
        const known = counts.get(identity);
        if (known === undefined) counts.set(identity, { key, count });
        else known.count += count;
      }
    }
    return new Map([...counts.values()].map(({ key, count }) => [key, count]));
  }

  /**
   * Writes each partition as a text file of a folder that does not exist yet: a record a line, texts as they are, others as JSON. All of
   * them appear, or none. Errors: KILN_OUTPUT_EXISTS.
   */
  async saveAsTextFile(path: string, options: ActionOptions = {}): Promise<WriteResult> {
    const action = { type: 'save-text', path: resolve(path), mode: 'error' } as const;
    return this.#runner.write(this.#node, action, 'saveAsTextFile', options);
  }

  /** An RDD of this one's records through one function. */
  protected abstract mapNode(sent: SentFunction): RddNode;

  #mapped(sent: SentFunction): RddNode {
    return this.mapNode(sent);
  }

  #sent<A>(operator: string, fn: AnyFunction, { args }: FunctionActionOptions<A>): SentFunction {
    return sentFunction(operator, fn, args === undefined ? undefined : { args });
  }

  #records<R>(action: Parameters<RddRunner['run']>[1], description: string, options: ActionOptions): Promise<R[]> {
    return recordsOf<R>(this.#runner.run(this.#node, action, null, description, options));
  }
}

/** The function for what is left to do in this thread. */
async function localOf<U>(sent: SentFunction, fn: AnyFunction): Promise<(a: U, b: U, args: unknown) => U> {
  return sent.module === null ? fn : importFunction(sent.module);
}

function emptyError(action: string): Error {
  return clientError('KILN_EMPTY', `${action} of an RDD without records.`, {
    hint: 'Ask isEmpty() first, or use fold.',
  });
}
