import type { Clock } from '@kiln/base';

/** Growing pauses between attempts, with some chance in them so that many who lost the same peer do not come back together. */
export class Pauses {
  readonly #first: number;
  readonly #last: number;
  #next: number;

  constructor(firstMillis: number, lastMillis: number) {
    this.#first = firstMillis;
    this.#last = lastMillis;
    this.#next = firstMillis;
  }

  next(): number {
    const millis = this.#next;
    this.#next = Math.min(this.#last, millis * 2);
    return millis * (0.75 + Math.random() / 2);
  }

  reset(): void {
    this.#next = this.#first;
  }
}

/** Resolves after the time, or at once when the signal is aborted. */
export function pause(clock: Clock, millis: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const cancel = clock.after(millis, () => end());
    const end = () => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    signal.addEventListener('abort', end, { once: true });
  });
}
