import type { ClosureOutput, ShuffleDependency } from '@kiln/contracts/planner';
import { compareKeys, decodeAll, hashKey, partitionOf, RecordBuffer } from '../../../records/index.ts';
import type { Channel } from './channel.ts';
import { Combiner } from './combiner.ts';
import type { Push } from './stream.ts';
import type { TaskParts } from './task-parts.ts';

/** So much is handed over at once. */
const bufferBytes = 4 << 20;
const bufferRecords = 1 << 17;

/** Records on their way into the native shuffle writer: encoded, with the partition of each. */
class ShuffleWriter {
  readonly #channel: Channel;
  readonly #buffer = new RecordBuffer();
  readonly #lengths = new Uint32Array(bufferRecords);
  readonly #partitions = new Uint32Array(bufferRecords);

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  write(record: unknown, partition: number): void {
    const buffer = this.#buffer;
    const at = buffer.records;
    const before = buffer.length;
    buffer.append(record);
    this.#lengths[at] = buffer.length - before;
    this.#partitions[at] = partition;
    if (buffer.length >= bufferBytes || at + 1 === bufferRecords) this.flush();
  }

  flush(): void {
    const { records } = this.#buffer;
    if (records === 0) return;
    const data = this.#buffer.bytes() as Uint8Array<ArrayBuffer>;
    this.#channel.write(data, this.#lengths.slice(0, records), this.#partitions.slice(0, records));
    this.#buffer.clear();
  }
}

/** Takes the records of a map task. */
export interface ShuffleSink {
  readonly push: Push;
  /** All of them are with the executor. */
  finish(): void;
}

export function shuffleSink(
  { shuffle, shuffleId, determinism }: Extract<ClosureOutput, { type: 'shuffle' }>,
  parts: TaskParts,
  partition: number,
): ShuffleSink {
  const { channel } = parts;
  channel.send({ type: 'open-writer', shuffleId, partitions: shuffle.partitions, determinism });
  const writer = new ShuffleWriter(channel);
  const partitionFor = partitioner(shuffle, parts, partition);
  const finish = () => {
    writer.flush();
    channel.settle(0);
  };
  if (shuffle.partitioner.type === 'round-robin')
    return { push: (record) => writer.write(record, partitionFor(record)), finish };
  const write = (key: unknown, value: unknown) => writer.write([key, value], partitionFor(key));
  if (shuffle.aggregator === null || !shuffle.aggregator.mapSide) {
    const push = (record: unknown) => {
      const [key, value] = pairOf(record);
      write(key, value);
    };
    return { push, finish };
  }
  const combiner = new Combiner(parts.combining(shuffle.aggregator), [], (full) => full.take(write));
  const push = (record: unknown) => {
    const pair = pairOf(record);
    combiner.addValue(pair[0], pair[1]);
  };
  return {
    push,
    finish() {
      combiner.take(write);
      finish();
    },
  };
}

function pairOf(record: unknown): readonly unknown[] {
  if (Array.isArray(record) && record.length === 2) return record;
  throw new TypeError(
    `A record is not a pair [key, value], but ${Array.isArray(record) ? `an array of ${record.length}` : typeof record}`,
  );
}

/** Of a key; of a record when they are dealt in turn. */
function partitioner(shuffle: ShuffleDependency, parts: TaskParts, map: number): (key: unknown) => number {
  const { partitioner: kind, partitions } = shuffle;
  switch (kind.type) {
    case 'hash':
      return (key) => partitionOf(hashKey(key), partitions);
    case 'round-robin': {
      let next = map % partitions;
      return () => {
        const partition = next;
        next = next + 1 === partitions ? 0 : next + 1;
        return partition;
      };
    }
    case 'range':
      return rangePartitioner(decodeAll(kind.bounds), kind.ascending);
    case 'function': {
      const choose = parts.functions.bound(kind.function);
      return (key) => {
        const partition = choose(key);
        if (Number.isInteger(partition) && partition >= 0 && partition < partitions) return partition;
        throw new RangeError(`The partition function gave ${partition} for one of ${partitions} partitions`);
      };
    }
  }
}

/** Keys up to the first bound are in the first range. */
export function rangePartitioner(bounds: readonly unknown[], ascending: boolean): (key: unknown) => number {
  return (key) => {
    let low = 0;
    let high = bounds.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareKeys(key, bounds[middle]) > 0) low = middle + 1;
      else high = middle;
    }
    return ascending ? low : bounds.length - low;
  };
}
