import { type ExecutorId, executorId, type ShuffleId, shuffleId } from '@kiln/base';
import type { FetchFailure } from '@kiln/contracts/executor';
import type { LostOutputs } from '@kiln/contracts/shuffle';
import { LastOf } from './last-of.ts';

const everything: LostOutputs = { executorId: null, host: null, shuffleId: null, map: null, includesServed: true };

/** What of it no shuffle service serves. */
export function outputsOfExecutor(lost: ExecutorId): LostOutputs {
  return { ...everything, executorId: lost, includesServed: false };
}

export function outputsOfHost(host: string): LostOutputs {
  return { ...everything, host };
}

export function outputsOfShuffle(id: ShuffleId): LostOutputs {
  return { ...everything, shuffleId: id };
}

/** Executors that leave: that blocks cannot be fetched from them is no sign of trouble. */
export class Leaving {
  readonly #executors = new LastOf<string>(10_000);

  add(executor: ExecutorId): void {
    this.#executors.add(executor);
  }

  isBlamed({ executorId: id }: FetchFailure): boolean {
    return this.#executors.has(id);
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
    return { ...everything, executorId: executorId(fetch.executorId), shuffleId: shuffleId(fetch.shuffleId), map };
  }
}
