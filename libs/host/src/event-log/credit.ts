/** How long a producer sleeps at most before it looks again. */
const sliceMillis = 1_000;

/**
 * What two threads know about data on its way from one to the other. The producer blocks when there is too much of it, so that a slow disk
 * slows the engine down instead of filling its memory or losing events.
 */
export class Credit {
  readonly shared: SharedArrayBuffer;
  readonly #pending: Int32Array;

  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(4)) {
    this.shared = shared;
    this.#pending = new Int32Array(shared);
  }

  /** Characters that were sent and not dealt with. */
  get pending(): number {
    return Atomics.load(this.#pending, 0);
  }

  /** The producer: waits until less than `most` is on its way, then adds. `false`: the other side did not get on in time. */
  take(amount: number, most: number, patienceMillis: number): boolean {
    for (let waited = 0; this.pending > most; ) {
      if (waited >= patienceMillis) return false;
      const before = this.pending;
      if (Atomics.wait(this.#pending, 0, before, sliceMillis) === 'timed-out') waited += sliceMillis;
      else waited = 0;
    }
    Atomics.add(this.#pending, 0, amount);
    return true;
  }

  /** The consumer: it is written. */
  give(amount: number): void {
    Atomics.sub(this.#pending, 0, amount);
    Atomics.notify(this.#pending, 0);
  }
}
