import { isAscii } from 'node:buffer';
import { closeSync, openSync, readSync } from 'node:fs';
import type { TextSplit } from '@kiln/contracts/planner';
import { decodeEach } from '../../../records/index.ts';
import type { Push, Stream } from './stream.ts';

export function encodedStream(bytes: Uint8Array): Stream {
  let done = bytes.length === 0;
  return {
    advance(push) {
      if (done) return false;
      done = true;
      decodeEach(bytes, push);
      return true;
    },
  };
}

/** The numbers `start`, `start + step`.. of partition `partition` of `partitions`. */
export function rangeStream(
  { start, end, step }: { readonly start: number; readonly end: number; readonly step: number },
  partition: number,
  partitions: number,
): Stream {
  const count = Math.max(0, Math.ceil((end - start) / step));
  let next = Math.floor((partition * count) / partitions);
  const last = Math.floor(((partition + 1) * count) / partitions);
  return {
    advance(push) {
      if (next >= last) return false;
      const stop = Math.min(last, next + 4096);
      while (next < stop) push(start + step * next++);
      return true;
    },
  };
}

/** Small enough that the text of a block is an ordinary string of V8's. */
const blockBytes = 256 << 10;
const newLine = 10;

/**
 * Lines of a split of a file, without their ends (`\n` or `\r\n`). A line belongs to the split in which its first byte is (Hadoop's rule), so
 * a split that begins inside a line skips it, and the last line is read beyond the end.
 */
export class TextStream implements Stream {
  readonly #file: number;
  #buffer = Buffer.allocUnsafe(blockBytes);
  /** Bytes at the front of the buffer that are the beginning of a line. */
  #held = 0;
  #position: number;
  readonly #end: number;
  /** The rest of a line that another split has. */
  #skipping: boolean;
  #open = true;
  readonly #onRead: (bytes: number, lines: number) => void;

  constructor({ path, start, length }: TextSplit, onRead: (bytes: number, lines: number) => void) {
    this.#file = openSync(path, 'r');
    this.#skipping = start > 0;
    // With the byte before: if it ends a line, the split begins with one of its own.
    this.#position = this.#skipping ? start - 1 : 0;
    this.#end = start + length;
    this.#onRead = onRead;
  }

  advance(push: Push): boolean {
    while (this.#open) {
      const from = this.#position - this.#held;
      if (!this.#skipping && from >= this.#end) return this.close();
      if (this.#held === this.#buffer.length) this.#grow();
      const read = readSync(this.#file, this.#buffer, this.#held, this.#buffer.length - this.#held, this.#position);
      this.#position += read;
      const filled = this.#held + read;
      const whole = read === 0 ? filled : this.#buffer.lastIndexOf(newLine, filled - 1) + 1;
      this.#onRead(read, whole > 0 ? this.#push(from, whole, push) : 0);
      this.#buffer.copy(this.#buffer, 0, whole, filled);
      this.#held = filled - whole;
      if (read === 0) return this.close();
      if (whole > 0) return true;
    }
    return false;
  }

  close(): false {
    if (this.#open) closeSync(this.#file);
    this.#open = false;
    return false;
  }

  /** Pushes the lines in the first bytes of the buffer, which are at `from` in the file; answers how many there were. */
  #push(from: number, whole: number, push: Push): number {
    let first = 0;
    if (this.#skipping) {
      first = this.#buffer.indexOf(newLine) + 1;
      if (first === 0 || first > whole) first = whole;
      this.#skipping = false;
    }
    // The line that begins before the end of the split is its last.
    let last = whole;
    if (from + whole > this.#end) {
      const end = this.#end - from;
      if (end <= first) last = first;
      else {
        const after = this.#buffer.indexOf(newLine, end - 1) + 1;
        last = after === 0 || after > whole ? whole : after;
      }
    }
    return last > first ? pushLines(this.#buffer.subarray(first, last), push) : 0;
  }

  #grow(): void {
    const grown = Buffer.allocUnsafe(this.#buffer.length * 2);
    this.#buffer.copy(grown);
    this.#buffer = grown;
  }
}

function pushLines(bytes: Buffer, push: Push): number {
  const text = bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8');
  let start = 0;
  let lines = 0;
  const { length } = text;
  while (start < length) {
    let end = text.indexOf('\n', start);
    if (end < 0) end = length;
    push(text.slice(start, text.charCodeAt(end - 1) === carriageReturn && end > start ? end - 1 : end));
    start = end + 1;
    lines++;
  }
  return lines;
}

const carriageReturn = 13;
