import { Packr } from 'msgpackr/pack';
import { Unpackr } from 'msgpackr/unpack';

/**
 * Records as bytes, wherever they leave a thread: MessagePack with extensions for what JavaScript has besides (`undefined`, `bigint`,
 * `Date`, `Map`, `Set`, typed arrays, `Error`). Each record stands alone, so that a shuffle may put them in any order.
 *
 * Not kept: `-0` (it becomes 0), classes (their instances become plain objects), holes in arrays, half of a surrogate pair.
 * Functions and symbols cannot be encoded.
 */
const options = { useRecords: true, moreTypes: true, useBigIntExtension: true, copyBuffers: true } as const;

const packr = new Packr(options);
const unpackr = new Unpackr(options);

export function encode(value: unknown): Uint8Array {
  return pack(value).slice();
}

/** All of them, one after the other. */
export function encodeAll(values: Iterable<unknown>): Uint8Array {
  const buffer = new RecordBuffer();
  for (const value of values) buffer.append(value);
  return buffer.bytes();
}

/** The one record that was encoded. */
export function decode(bytes: Uint8Array): unknown {
  return unpackr.unpack(bytes);
}

/** Each record in turn, until `each` gives `false`. */
export function decodeEach(bytes: Uint8Array, each: (record: unknown) => unknown): void {
  if (bytes.length > 0) unpackr.unpackMultiple(bytes, each);
}

export function decodeAll(bytes: Uint8Array): unknown[] {
  const records: unknown[] = [];
  decodeEach(bytes, (record) => {
    records.push(record);
  });
  return records;
}

/** Encoded records one after the other, in memory that grows. */
export class RecordBuffer {
  #bytes = new Uint8Array(1 << 16);
  #length = 0;
  #records = 0;

  append(record: unknown): void {
    const packed = pack(record);
    const end = this.#length + packed.length;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#bytes.set(packed, this.#length);
    this.#length = end;
    this.#records++;
  }

  /** Bytes so far. */
  get length(): number {
    return this.#length;
  }

  get records(): number {
    return this.#records;
  }

  /** A copy of what is in it. */
  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** The memory stays. */
  clear(): void {
    this.#length = 0;
    this.#records = 0;
  }
}

function pack(value: unknown): Uint8Array {
  // msgpackr would leave them out.
  if (typeof value === 'function' || typeof value === 'symbol')
    throw new TypeError(`A ${typeof value} cannot be a record`);
  if (value instanceof Promise)
    throw new TypeError('A promise cannot be a record: functions give their results at once');
  return packr.pack(value);
}
