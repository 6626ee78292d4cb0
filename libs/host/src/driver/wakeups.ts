import type { Clock } from '@kiln/base';

/** One timer per name: the earliest wanted time wins. */
export class Wakeups {
  readonly #clock: Clock;
  readonly #timers = new Map<string, { at: number; cancel: () => void }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  at(name: string, at: number, callback: () => void): void {
    const waiting = this.#timers.get(name);
    if (waiting !== undefined && waiting.at <= at) return;
    waiting?.cancel();
    const cancel = this.#clock.after(Math.max(0, at - this.#clock.now()), () => {
      this.#timers.delete(name);
      callback();
    });
    this.#timers.set(name, { at, cancel });
  }

  cancel(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }
}
