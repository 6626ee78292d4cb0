import type { Aggregator, LineageNode, LineageOperator, ShuffleDependency } from '@kiln/contracts/planner';
import { decodeEach } from '../../../records/index.ts';
import { cogroupStream, joinFunction } from './cogroup.ts';
import { Combiner } from './combiner.ts';
import type { UserFunction } from './functions.ts';
import { fuse, type RecordOperator } from './fuse.ts';
import { PairSorter } from './sorter.ts';
import { encodedStream, rangeStream, TextStream } from './sources.ts';
import { concatenated, drain, iterate, type Push, type Stream, streamOf } from './stream.ts';
import type { TaskParts } from './task-parts.ts';

type Make = (parts: TaskParts, partition: number) => Stream;

/** The nodes of a program as functions that make the stream of a partition. Made once for a program: what is fused stays compiled. */
export class StagePlan {
  readonly #nodes: readonly LineageNode[];
  readonly #made: (Make | undefined)[] = [];

  constructor(nodes: readonly LineageNode[]) {
    this.#nodes = nodes;
  }

  stream(parts: TaskParts, partition: number): Stream {
    return this.#make(this.#nodes.length - 1, parts)(parts, partition);
  }

  #make(index: number, parts: TaskParts): Make {
    const made = this.#made[index] ?? this.#build(index, parts);
    this.#made[index] = made;
    return made;
  }

  #build(index: number, parts: TaskParts): Make {
    // The longest chain of operators on single records that ends here becomes one function.
    const chain: LineageNode[] = [];
    let source = index;
    while (isRecordOperator((this.#nodes[source] as LineageNode).operator)) {
      const node = this.#nodes[source] as LineageNode;
      chain.unshift(node);
      source = node.parents[0] as number;
    }
    if (chain.length === 0) return this.#boundary(this.#nodes[index] as LineageNode, parts);
    const input = this.#make(source, parts);
    const operators = chain.map(({ operator }) => recordOperator(operator, parts));
    const fused = fuse(operators);
    const fresh = chain.map(({ operator }) => perPartition(operator));
    return (task, partition) => {
      const calls = operators.map(({ call }, i) => fresh[i]?.(partition) ?? call);
      const from = input(task, partition);
      let last: Push | undefined;
      let push: Push = () => {};
      return {
        advance(emit) {
          if (emit !== last) push = fused(emit, calls);
          last = emit;
          return from.advance(push);
        },
      };
    };
  }

  #boundary({ operator, parents, partitions }: LineageNode, parts: TaskParts): Make {
    const inputs = () => parents.map((parent) => (parent < 0 ? null : this.#make(parent, parts)));
    switch (operator.type) {
      case 'parallelize':
        return (_, partition) => encodedStream(operator.slices[partition] ?? new Uint8Array());
      case 'range':
        return (_, partition) => rangeStream(operator, partition, partitions);
      case 'text':
        return (task, partition) => textStream(operator, task, partition);
      case 'map-partitions':
      case 'map-partitions-with-index': {
        const [input] = inputs();
        const index = operator.type === 'map-partitions-with-index';
        return (task, partition) => {
          const call = task.functions.bound(operator.function);
          const records = iterate((input as Make)(task, partition));
          return lazily(() => iterableOf(index ? call(partition, records) : call(records)));
        };
      }
      case 'glom': {
        const [input] = inputs();
        return (task, partition) => streamOf([[...iterate((input as Make)(task, partition))]]);
      }
      case 'union': {
        const all = inputs() as Make[];
        const starts = startsOf(parents.map((parent) => (this.#nodes[parent] as LineageNode).partitions));
        return (task, partition) => {
          const which = starts.findLastIndex((start) => start <= partition);
          return (all[which] as Make)(task, partition - (starts[which] as number));
        };
      }
      case 'coalesce': {
        const [input] = inputs();
        return (task, partition) =>
          concatenated((operator.groups[partition] ?? []).map((of) => () => (input as Make)(task, of)));
      }
      case 'combine': {
        const [input] = inputs();
        return (task, partition) =>
          lazily(() =>
            combinedPairs((input as Make)(task, partition), { ...operator.aggregator, mapSide: false }, task),
          );
      }
      case 'shuffle':
        return (task, partition) => shuffledStream(operator.shuffle, task, partition);
      case 'cogroup': {
        const all = inputs();
        return (task, partition) => {
          const streams = operator.shuffles.map((shuffle, i) =>
            shuffle === null ? (all[i] as Make)(task, partition) : readStream(shuffle, task, partition),
          );
          return cogroupStream(streams, task);
        };
      }
      default:
        throw new Error(`No operator '${operator.type}' in this version`);
    }
  }
}

function isRecordOperator({ type }: LineageOperator): boolean {
  return type in recordKinds;
}

const recordKinds = {
  map: 'map',
  'flat-map': 'flat-map',
  filter: 'filter',
  'key-by': 'key-by',
  'map-values': 'map-values',
  'flat-map-values': 'flat-map-values',
  keys: 'keys',
  values: 'values',
  sample: 'filter',
  'zip-with-index': 'map',
  join: 'flat-map',
} as const;

function recordOperator(operator: LineageOperator, parts: TaskParts): RecordOperator {
  const kind = recordKinds[operator.type as keyof typeof recordKinds];
  if ('function' in operator) return { kind, ...parts.functions.get(operator.function) };
  const call = operator.type === 'join' ? joinFunction(operator.kind) : null;
  return { kind, call, args: undefined, hasArgs: false };
}

/** Functions of Kiln's own that keep something while they go through a partition. */
function perPartition(operator: LineageOperator): ((partition: number) => UserFunction) | undefined {
  if (operator.type === 'zip-with-index')
    return (partition) => {
      let next = operator.starts[partition] ?? 0;
      return (record) => [record, next++];
    };
  if (operator.type === 'sample') return (partition) => sampler(operator.fraction, operator.seed, partition);
  return undefined;
}

/** The same records whenever the partition is made again. */
function sampler(fraction: number, seed: number, partition: number): () => boolean {
  const random = randomNumbers(seed + partition * 0x9e3779b9);
  return () => random() < fraction;
}

/** mulberry32: uniform in [0, 1), from a seed of 32 bits. */
export function randomNumbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function textStream(
  { splits }: Extract<LineageOperator, { type: 'text' }>,
  task: TaskParts,
  partition: number,
): Stream {
  const split = splits[partition];
  if (split === undefined) throw new Error(`There is no split for partition ${partition}`);
  const stream = new TextStream(split, (bytes, lines) => {
    task.metrics.inputBytes += bytes;
    task.metrics.inputRows += lines;
  });
  task.onEnd(() => stream.close());
  return stream;
}

/** Records of a partition of a shuffle as they were written. */
export function readStream(shuffle: ShuffleDependency, task: TaskParts, partition: number): Stream {
  const id = task.program.shuffleIds[shuffle.id];
  if (id === undefined) throw new Error(`Shuffle ${shuffle.id} is not an input of this stage`);
  const reader = task.nextReader();
  let ended = false;
  return {
    advance(push) {
      if (ended) return false;
      const block = task.channel.read(reader, id, partition);
      if (block === null) {
        ended = true;
        return false;
      }
      decodeEach(block, push);
      return true;
    },
  };
}

/** The same combined, and sorted, as the dependency says. */
function shuffledStream(shuffle: ShuffleDependency, task: TaskParts, partition: number): Stream {
  const read = readStream(shuffle, task, partition);
  const { aggregator, sort } = shuffle;
  const combined = aggregator === null ? read : lazily(() => combinedPairs(read, aggregator, task));
  if (sort === null) return combined;
  return lazily(function* () {
    const sorter = new PairSorter(task.localDirs, sort === 'ascending');
    task.onEnd(() => {
      task.metrics.diskBytesSpilled += sorter.spilledBytes;
      sorter.close();
    });
    drain(combined, (pair) => sorter.add(pair as [unknown, unknown]));
    yield* sorter.sorted();
  });
}

function* combinedPairs(read: Stream, aggregator: Aggregator, task: TaskParts) {
  const combiner = new Combiner(task.combining(aggregator), task.localDirs);
  task.onEnd(() => {
    task.metrics.diskBytesSpilled += combiner.spilledBytes;
    combiner.close();
  });
  drain(read, (record) => {
    const [key, value] = record as [unknown, unknown];
    if (aggregator.mapSide) combiner.addCombiner(key, value);
    else combiner.addValue(key, value);
  });
  yield* combiner.pairs();
}

/** Begins when the first record is asked for. */
function lazily(make: () => Iterable<unknown>): Stream {
  let stream: Stream | undefined;
  return {
    advance(push) {
      stream ??= streamOf(make());
      return stream.advance(push);
    },
  };
}

function iterableOf(result: unknown): Iterable<unknown> {
  if (typeof result === 'object' && result !== null && Symbol.iterator in result) return result as Iterable<unknown>;
  throw new TypeError(
    'The function of mapPartitions must give back an iterable of records, such as an array or a generator',
  );
}

function startsOf(counts: readonly number[]): readonly number[] {
  let start = 0;
  return counts.map((count) => {
    const at = start;
    start += count;
    return at;
  });
}
