import type { Clock } from '@kiln/base';
import { memoryOfGroups } from './memory-use.ts';

interface Watched {
  readonly limitBytes: number;
  readonly onExceeded: (usedBytes: number) => void;
}

/** Looks how much memory process groups hold, and tells when one holds more than it may. */
export class MemoryWatch {
  readonly #clock: Clock;
  readonly #everyMillis: number;
  readonly #read: typeof memoryOfGroups;
  readonly #watched = new Map<number, Watched>();
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, everyMillis = 500, read = memoryOfGroups) {
    this.#clock = clock;
    this.#everyMillis = everyMillis;
    this.#read = read;
  }

  /** Calls back once at most; the result stops it. */
  watch(group: number, limitBytes: number, onExceeded: (usedBytes: number) => void): () => void {
    const watched = { limitBytes, onExceeded };
    this.#watched.set(group, watched);
    this.#cancel ??= this.#next();
    return () => {
      if (this.#watched.get(group) === watched) this.#watched.delete(group);
    };
  }

  #next(): () => void {
    return this.#clock.after(this.#everyMillis, () => {
      const used = this.#read(new Set(this.#watched.keys()));
      for (const [group, { limitBytes, onExceeded }] of [...this.#watched]) {
        const bytes = used.get(group) ?? 0;
        if (bytes <= limitBytes) continue;
        this.#watched.delete(group);
        onExceeded(bytes);
      }
      this.#cancel = this.#watched.size === 0 ? undefined : this.#next();
    });
  }
}
