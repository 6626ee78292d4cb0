/** Longer texts are hashed by their beginning, their end and their length. */
const hashedEnds = 32;

/**
 * Combiners by texts, in the order in which the texts came. Twice as fast as a `Map` where most texts are new objects (words of lines):
 * a `Map` has V8 compute the hash of each of them by a call out of compiled code.
 */
export class TextTable {
  readonly keys: string[] = [];
  readonly combiners: unknown[] = [];
  /** Open addressing: hash and index, or -1. */
  #slots = new Int32Array(2 << 10).fill(-1);
  #mask = (1 << 10) - 1;

  /** The index of a text; -1: it is not there. `hash`: {@link hashOf} of it. */
  find(key: string, hash: number): number {
    const slots = this.#slots;
    const mask = this.#mask;
    const { keys } = this;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const index = slots[2 * at + 1] as number;
      if (index < 0) return -1;
      if (slots[2 * at] === hash && keys[index] === key) return index;
    }
  }

  /** A text that is not there. */
  add(key: string, hash: number, combiner: unknown): void {
    if (2 * this.keys.length >= this.#mask) this.#grow();
    this.#place(hash, this.keys.length);
    this.keys.push(key);
    this.combiners.push(combiner);
  }

  get size(): number {
    return this.keys.length;
  }

  #place(hash: number, index: number): void {
    let at = hash & this.#mask;
    while ((this.#slots[2 * at + 1] as number) >= 0) at = (at + 1) & this.#mask;
    this.#slots[2 * at] = hash;
    this.#slots[2 * at + 1] = index;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Int32Array(2 * old.length).fill(-1);
    this.#mask = 2 * this.#mask + 1;
    for (let at = 0; at < old.length; at += 2)
      if ((old[at + 1] as number) >= 0) this.#place(old[at] as number, old[at + 1] as number);
  }
}

/** FNV-1a over UTF-16 code units, four at a time, its high bits mixed into the low ones. */
export function hashOf(text: string): number {
  const { length } = text;
  if (length > 2 * hashedEnds) return mixed(part(text, length - hashedEnds, length, part(text, 0, hashedEnds, length)));
  return mixed(part(text, 0, length, length));
}

function part(text: string, start: number, end: number, seed: number): number {
  let hash = seed ^ 0x811c9dc5;
  let i = start;
  for (; i + 4 <= end; i += 4) {
    const two = text.charCodeAt(i) | (text.charCodeAt(i + 1) << 8);
    const four = two ^ (text.charCodeAt(i + 2) << 16) ^ (text.charCodeAt(i + 3) << 24);
    hash = Math.imul(hash ^ four, 0x01000193);
    hash ^= hash >>> 17;
  }
  for (; i < end; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

function mixed(hash: number): number {
  const spread = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return spread ^ (spread >>> 13);
}
