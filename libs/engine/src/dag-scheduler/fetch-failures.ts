import { executorId, shuffleId } from '@kiln/base';
import type { FetchFailure, TaskFailure } from '@kiln/contracts/executor';
import type { LostOutputs } from '@kiln/contracts/shuffle';

/** Consecutive attempts of a stage that ended by a fetch failure. */
export class FetchFailures {
  readonly #attempts = new Set<number>();
  #first: TaskFailure | null = null;

  /** Returns the failure that began it: that is the one to show. */
  add(attempt: number, failure: TaskFailure): TaskFailure {
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

/** Executors from which outputs of a shuffle could not be fetched. */
export class Suspects {
  readonly #maps = new Map<string, number>();

  /**
   * What to take for lost: that one output at first; all of the executor in that shuffle when another of its outputs fails, lest an
   * executor that hangs cost an attempt for each.
   */
  lostOutputs(fetch: FetchFailure): LostOutputs {
    const before = this.#maps.get(fetch.executorId);
    this.#maps.set(fetch.executorId, fetch.map);
    const isSuspect = before !== undefined && before !== fetch.map;
    const map = isSuspect ? null : fetch.map;
    return { executorId: executorId(fetch.executorId), shuffleId: shuffleId(fetch.shuffleId), map };
  }
}
