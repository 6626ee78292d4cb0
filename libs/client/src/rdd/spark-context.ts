import { encodeAll } from '@kiln/engine/records';
import { clientError } from '../errors.ts';
import { checkPartitions } from './pair-operations.ts';
import { RDD, unionNode } from './rdd.ts';
import { RddNode } from './rdd-node.ts';
import { RddRunner, type RddSession } from './rdd-runner.ts';
import { textSplits } from './text-splits.ts';

/** Makes RDDs: `session.sparkContext`. */
export class SparkContext {
  readonly #runner: RddRunner;

  constructor(session: RddSession) {
    this.#runner = new RddRunner(session);
  }

  /** Slots of all executors, or `spark.default.parallelism`. */
  defaultParallelism(): Promise<number> {
    return this.#runner.defaultParallelism();
  }

  /** An RDD of values of this program, copied now, in `numSlices` partitions of about equal size (as many as there are slots). */
  parallelize<T>(records: Iterable<T>, numSlices?: number): RDD<T> {
    if (numSlices !== undefined) checkPartitions(numSlices);
    const all = [...records];
    // Now, so that what the program does with its objects later changes nothing; of slices only when their number is known.
    const copy = encodeEach(all);
    const node = new RddNode(this.#runner.nextId(), 'parallelize', [], async (_, context) => {
      const partitions = numSlices ?? (await context.defaultParallelism());
      const at = (slice: number) => Math.floor((slice * all.length) / partitions);
      const slices = Array.from({ length: partitions }, (_unused, slice) => copy(at(slice), at(slice + 1)));
      return { partitions, partitioner: null, operator: () => ({ type: 'parallelize', slices }) };
    });
    return new RDD<T>(this.#runner, node);
  }

  /** The numbers from `start` (0) to before `end`: `range(10)`, `range(5, 10)`, `range(0, 100, 5)`. */
  range(end: number): RDD<number>;
  range(start: number, end: number, step?: number, numSlices?: number): RDD<number>;
  range(first: number, second?: number, step = 1, numSlices?: number): RDD<number> {
    const [start, end] = second === undefined ? [0, first] : [first, second];
    if (![start, end, step].every(Number.isSafeInteger) || step === 0)
      throw clientError('KILN_ARGUMENT', 'range takes integers, and a step that is not 0.');
    if (numSlices !== undefined) checkPartitions(numSlices);
    const node = new RddNode(this.#runner.nextId(), 'range', [], async (_, context) => {
      const partitions = numSlices ?? (await context.defaultParallelism());
      return { partitions, partitioner: null, operator: () => ({ type: 'range', start, end, step }) };
    });
    return new RDD<number>(this.#runner, node);
  }

  /**
   * The lines of text files in UTF-8: a file, a folder, a pattern (`logs/*.txt`), or several with commas between. Files are cut into
   * splits of 32 MiB at most, at least `minPartitions` in all (2, or 1 where there is one slot).
   */
  textFile(path: string, minPartitions?: number): RDD<string> {
    if (minPartitions !== undefined) checkPartitions(minPartitions);
    const node = new RddNode(this.#runner.nextId(), 'textFile', [], async (_, context) => {
      const least = minPartitions ?? Math.min(2, await context.defaultParallelism());
      const splits = await textSplits(path, least);
      return { partitions: splits.length, partitioner: null, operator: () => ({ type: 'text', splits }) };
    });
    return new RDD<string>(this.#runner, node);
  }

  /** An RDD of what comes, a partition for each iterable; `partitions` is asked when the RDD is run first. */
  fromPartitions<T>(name: string, partitions: () => AsyncIterable<Iterable<T>>): RDD<T> {
    const node = new RddNode(this.#runner.nextId(), name, [], async () => {
      const slices: Uint8Array[] = [];
      for await (const records of partitions()) slices.push(encodeAll(records));
      return { partitions: slices.length, partitioner: null, operator: () => ({ type: 'parallelize', slices }) };
    });
    return new RDD<T>(this.#runner, node);
  }

  /** An RDD without partitions. */
  emptyRDD<T>(): RDD<T> {
    const node = new RddNode(this.#runner.nextId(), 'emptyRDD', [], () => {
      return { partitions: 0, partitioner: null, operator: () => ({ type: 'parallelize', slices: [] }) };
    });
    return new RDD<T>(this.#runner, node);
  }

  /** The records of all of them, partitions one after another. */
  union<T>(rdds: readonly RDD<T>[]): RDD<T> {
    return new RDD<T>(this.#runner, unionNode(this.#runner, rdds));
  }
}

/** Records encoded once; the answer gives some of them. */
function encodeEach(records: readonly unknown[]): (from: number, to: number) => Uint8Array {
  const encoded = records.map((record) => encodeAll([record]));
  return (from, to) => Buffer.concat(encoded.slice(from, to));
}
