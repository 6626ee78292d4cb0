import { compareKeys } from '../../../records/index.ts';
import { HeapWatch } from './heap-watch.ts';
import { Runs } from './runs.ts';

type Pair = readonly [key: unknown, value: unknown];

/** Sorts pairs by key, in memory as long as they fit there and then in sorted runs on disk. Stable. */
export class PairSorter {
  readonly #runs: Runs<Pair>;
  readonly #watch: HeapWatch;
  #pairs: Pair[] = [];

  constructor(dirs: readonly string[], ascending: boolean, watch = new HeapWatch()) {
    this.#watch = watch;
    this.#runs = new Runs(dirs, ascending ? (a, b) => compareKeys(a[0], b[0]) : (a, b) => compareKeys(b[0], a[0]));
  }

  add(pair: Pair): void {
    this.#pairs.push(pair);
    if (!this.#watch.isFull()) return;
    this.#runs.add(this.#pairs);
    this.#pairs = [];
    this.#watch.emptied();
  }

  sorted(): Generator<Pair, void, undefined> {
    return this.#runs.merged(this.#pairs);
  }

  get spilledBytes(): number {
    return this.#runs.bytes;
  }

  close(): void {
    this.#pairs = [];
    this.#runs.close();
  }
}
