import { decode, hashKey, identityOf, isOwnIdentity } from '../../../records/index.ts';
import type { UserFunction } from './functions.ts';
import { HeapWatch } from './heap-watch.ts';
import { Runs } from './runs.ts';
import { hashOf, TextTable } from './text-table.ts';

/** How values of one key become a combiner, and combiners one. */
export interface Combining {
  readonly create: (value: unknown) => unknown;
  readonly mergeValue: (combiner: unknown, value: unknown) => unknown;
  readonly mergeCombiners: (a: unknown, b: unknown) => unknown;
}

interface Held {
  readonly key: unknown;
  combiner: unknown;
}

type Spilled = readonly [hash: number, key: unknown, combiner: unknown];

/** A `Map` holds 2^24 entries at most. */
const maxKeys = 8_000_000;

/** V8 makes a text of 13 characters or more out of another one as a view, which keeps the other alive. */
const viewLength = 13;

/** Combiners by key. When the heap is short of room they go: to `onFull`, or to sorted runs on disk that are merged in the end. */
export class Combiner {
  readonly #combining: Combining;
  readonly #watch: HeapWatch;
  readonly #runs: Runs<Spilled>;
  readonly #onFull: ((combiner: Combiner) => void) | null;
  #texts = new TextTable();
  /** Other keys that are their own identity. */
  #plain = new Map<unknown, Held>();
  /** Keys that are equal by content. */
  #structured = new Map<string, Held>();

  constructor(
    combining: Combining,
    dirs: readonly string[],
    onFull: ((combiner: Combiner) => void) | null = null,
    watch = new HeapWatch(),
  ) {
    this.#combining = combining;
    this.#watch = watch;
    this.#onFull = onFull;
    // By hash, whatever the keys are; of one hash there are a few at most.
    this.#runs = new Runs(dirs, (a, b) => a[0] - b[0]);
  }

  addValue(key: unknown, value: unknown): void {
    if (typeof key === 'string') return this.#addText(key, value);
    const held = this.#find(key);
    if (held !== undefined) {
      held.combiner = this.#combining.mergeValue(held.combiner, value);
      if (typeof held.combiner === 'object') this.#checkRoom();
      return;
    }
    this.#hold(key, this.#combining.create(value));
  }

  addCombiner(key: unknown, combiner: unknown): void {
    if (typeof key === 'string') return this.#addTextCombiner(key, combiner);
    const held = this.#find(key);
    if (held === undefined) return this.#hold(key, combiner);
    held.combiner = this.#combining.mergeCombiners(held.combiner, combiner);
    if (typeof held.combiner === 'object') this.#checkRoom();
  }

  /** Everything that is held, in the order in which the keys came; then nothing is. */
  take(each: (key: unknown, combiner: unknown) => void): void {
    const [texts, plain, structured] = [this.#texts, this.#plain, this.#structured];
    this.#texts = new TextTable();
    this.#plain = new Map();
    this.#structured = new Map();
    for (const [i, key] of texts.keys.entries()) each(key, texts.combiners[i]);
    for (const { key, combiner } of plain.values()) each(key, combiner);
    for (const { key, combiner } of structured.values()) each(key, combiner);
  }

  /** Every key once, with all that was combined. */
  *pairs(): Generator<[key: unknown, combiner: unknown], void, undefined> {
    if (this.#runs.count === 0) {
      for (const [i, key] of this.#texts.keys.entries()) yield [key, this.#texts.combiners[i]];
      for (const { key, combiner } of this.#plain.values()) yield [key, combiner];
      for (const { key, combiner } of this.#structured.values()) yield [key, combiner];
      return;
    }
    const rest = this.#taken();
    let group = new Combiner(this.#combining, []);
    let hash: number | undefined;
    for (const [next, key, combiner] of this.#runs.merged(rest)) {
      if (next !== hash) {
        yield* group.pairs();
        group = new Combiner(this.#combining, []);
        hash = next;
      }
      group.addCombiner(key, combiner);
    }
    yield* group.pairs();
  }

  get spilledBytes(): number {
    return this.#runs.bytes;
  }

  close(): void {
    this.#texts = new TextTable();
    this.#plain.clear();
    this.#structured.clear();
    this.#runs.close();
  }

  #addText(key: string, value: unknown): void {
    const texts = this.#texts;
    const hash = hashOf(key);
    const index = texts.find(key, hash);
    if (index < 0) return this.#holdText(key, hash, this.#combining.create(value));
    const merged = this.#combining.mergeValue(texts.combiners[index], value);
    texts.combiners[index] = merged;
    if (typeof merged === 'object') this.#checkRoom();
  }

  #addTextCombiner(key: string, combiner: unknown): void {
    const texts = this.#texts;
    const hash = hashOf(key);
    const index = texts.find(key, hash);
    if (index < 0) return this.#holdText(key, hash, combiner);
    const merged = this.#combining.mergeCombiners(texts.combiners[index], combiner);
    texts.combiners[index] = merged;
    if (typeof merged === 'object') this.#checkRoom();
  }

  #holdText(key: string, hash: number, combiner: unknown): void {
    this.#texts.add(key.length >= viewLength ? copyOf(key) : key, hash, combiner);
    if (this.#watch.isFull() || this.#texts.size >= maxKeys) this.#empty();
  }

  #find(key: unknown): Held | undefined {
    return isOwnIdentity(key) ? this.#plain.get(key) : this.#structured.get(identityOf(key));
  }

  #hold(key: unknown, combiner: unknown): void {
    if (isOwnIdentity(key)) this.#plain.set(key, { key, combiner });
    else this.#structured.set(identityOf(key), { key, combiner });
    if (this.#watch.isFull() || this.#plain.size + this.#structured.size >= maxKeys) this.#empty();
  }

  /** After a value was added to a combiner that may be a collection. */
  #checkRoom(): void {
    if (this.#watch.isFull()) this.#empty();
  }

  #empty(): void {
    if (this.#onFull !== null) this.#onFull(this);
    else this.#runs.add(this.#taken());
    this.#watch.emptied();
  }

  #taken(): Spilled[] {
    const taken: Spilled[] = [];
    this.take((key, combiner) => taken.push([hashKey(key), key, combiner]));
    return taken;
  }
}

/** Not a view of the text of a block. */
function copyOf(text: string): string {
  const encoding = isLatin1(text) ? 'latin1' : 'utf16le';
  return Buffer.from(text, encoding).toString(encoding);
}

function isLatin1(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0xff) return false;
  return true;
}

/** `merge` and the like of an `Aggregator` with the functions in place. */
export function combining(parts: {
  readonly create: UserFunction | null;
  readonly merge: 'group' | 'first' | { readonly value: UserFunction; readonly combiners: UserFunction };
  readonly zero: Uint8Array | null;
}): Combining {
  const { merge, zero } = parts;
  if (merge === 'group') {
    return {
      create: (value) => [value],
      mergeValue: (combiner, value) => {
        (combiner as unknown[]).push(value);
        return combiner;
      },
      mergeCombiners: (a, b) => {
        for (const value of b as unknown[]) (a as unknown[]).push(value);
        return a;
      },
    };
  }
  if (merge === 'first')
    return { create: (value) => value, mergeValue: (first) => first, mergeCombiners: (first) => first };
  const create =
    zero !== null
      ? (value: unknown) => merge.value(decode(zero), value)
      : (parts.create ?? ((value: unknown) => value));
  return { create, mergeValue: merge.value, mergeCombiners: merge.combiners };
}
