import { getHeapStatistics } from 'node:v8';

/** Looked at once in so many records: it takes V8 some 10 microseconds to add up. */
const interval = 4096;

/** The part of the worker's heap that may be in use before collected records go to disk. */
const share = 0.6;

/** Tells a collector of records when the worker's heap is nearly full. */
export class HeapWatch {
  readonly #limit: number;
  #countdown = interval;
  /** After a spill the heap holds garbage for a while: not before half as many records as last time. */
  #atLeast = interval;
  #records = 0;

  constructor(limit: number = getHeapStatistics().heap_size_limit * share) {
    this.#limit = limit;
  }

  /** After each record that was added: whether all should go now. */
  isFull(): boolean {
    this.#records++;
    if (--this.#countdown > 0) return false;
    this.#countdown = interval;
    return this.#records >= this.#atLeast && getHeapStatistics().used_heap_size > this.#limit;
  }

  /** They went. */
  emptied(): void {
    this.#atLeast = Math.max(interval, this.#records >> 1);
    this.#records = 0;
  }
}
