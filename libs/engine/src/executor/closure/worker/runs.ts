import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { decodeAll, RecordBuffer } from '../../../records/index.ts';

export type Compare<T> = (a: T, b: T) => number;

/** Bytes of a block of a run: what a merge holds of each. */
const blockBytes = 64 << 10;

/** Sorted records in files of this task, which go with it. */
export class Runs<T> {
  readonly #dirs: readonly string[];
  readonly #compare: Compare<T>;
  readonly #files: { readonly path: string; readonly file: number }[] = [];
  bytes = 0;

  constructor(dirs: readonly string[], compare: Compare<T>) {
    this.#dirs = dirs;
    this.#compare = compare;
  }

  get count(): number {
    return this.#files.length;
  }

  /** Sorts the records, and writes them as one run. */
  add(records: T[]): void {
    records.sort(this.#compare);
    const dir = this.#dirs[this.#files.length % this.#dirs.length] ?? '.';
    const path = join(dir, `kiln-run-${randomUUID()}.tmp`);
    const file = openSync(path, 'wx+');
    this.#files.push({ path, file });
    const block = new RecordBuffer();
    for (const record of records) {
      block.append(record);
      if (block.length >= blockBytes) this.#write(file, block);
    }
    this.#write(file, block);
  }

  /** All records in order, with those that are in memory (which get sorted). */
  *merged(inMemory: T[]): Generator<T, void, undefined> {
    inMemory.sort(this.#compare);
    const sources = [...this.#files.map(({ file }) => this.#read(file)), inMemory.values()];
    yield* mergeSorted(sources, this.#compare);
  }

  close(): void {
    for (const { path, file } of this.#files.splice(0)) {
      closeSync(file);
      rmSync(path, { force: true });
    }
  }

  #write(file: number, block: RecordBuffer): void {
    if (block.length === 0) return;
    const header = Buffer.alloc(4);
    header.writeUInt32LE(block.length);
    this.bytes += writeSync(file, header);
    const bytes = block.bytes();
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
    this.bytes += bytes.length;
    block.clear();
  }

  *#read(file: number): Generator<T, void, undefined> {
    const header = Buffer.alloc(4);
    for (let position = 0; readSync(file, header, 0, 4, position) === 4; ) {
      const block = Buffer.alloc(header.readUInt32LE());
      for (let done = 0; done < block.length; ) {
        const read = readSync(file, block, done, block.length - done, position + 4 + done);
        if (read === 0) throw new Error('a spill file was cut short');
        done += read;
      }
      position += 4 + block.length;
      yield* decodeAll(block) as T[];
    }
  }
}

/** Sorted iterators as one. Of equal records those of earlier iterators come first. */
export function* mergeSorted<T>(sources: readonly Iterator<T>[], compare: Compare<T>): Generator<T, void, undefined> {
  const heads: { value: T; readonly source: Iterator<T>; readonly rank: number }[] = [];
  const before = (a: number, b: number) => {
    const [x, y] = [heads[a], heads[b]];
    if (x === undefined || y === undefined) return x !== undefined;
    const order = compare(x.value, y.value);
    return order < 0 || (order === 0 && x.rank < y.rank);
  };
  const swap = (a: number, b: number) => {
    [heads[a], heads[b]] = [heads[b] as (typeof heads)[0], heads[a] as (typeof heads)[0]];
  };
  const sink = () => {
    for (let at = 0; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) if (child < heads.length && before(child, least)) least = child;
      if (least === at) return;
      swap(at, least);
      at = least;
    }
  };
  for (const [rank, source] of sources.entries()) {
    const { done, value } = source.next();
    if (done) continue;
    heads.push({ value, source, rank });
    for (let at = heads.length - 1; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!before(at, parent)) break;
      swap(at, parent);
      at = parent;
    }
  }
  for (let [head] = heads; head !== undefined; [head] = heads) {
    yield head.value;
    const { done, value } = head.source.next();
    if (done) {
      const last = heads.pop();
      if (last !== undefined && last !== head) heads[0] = last;
    } else head.value = value;
    sink();
  }
}
