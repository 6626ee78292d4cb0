import type { TaskFailure } from '@kiln/contracts/executor';

/** Consecutive attempts of a stage that ended by a fetch failure. */
export class FetchFailures {
  readonly #attempts = new Set<number>();
  #first: TaskFailure | null = null;

  /** Returns the failure that began it: that is the one to show. `counts` false: nobody is to be blamed. */
  add(attempt: number, failure: TaskFailure, counts: boolean): TaskFailure {
    if (!counts) return this.#first ?? failure;
    this.#attempts.add(attempt);
    this.#first ??= failure;
    return this.#first;
  }

  get attempts(): number {
    return this.#attempts.size;
  }

  clear(): void {
    this.#attempts.clear();
    this.#first = null;
  }
}
