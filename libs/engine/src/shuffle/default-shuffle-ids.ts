import { injectable } from '@kiln/contracts/plugin';
import type { ShuffleIds } from '@kiln/contracts/shuffle';

/** Counts from 1. */
@injectable()
export class DefaultShuffleIds implements ShuffleIds {
  #next = 1;

  reserve(count: number): number {
    const first = this.#next;
    this.#next += count;
    return first;
  }
}
