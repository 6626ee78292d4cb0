import type { Sequenced } from './outgoing.ts';

/** How far ahead of the next expected one a message may be to be kept; further ones will be sent again. */
const maxAhead = 10_000n;

/** Gives each message once and in order, however often and in whatever order it comes. */
export class Incoming<Message extends Sequenced> {
  readonly #ahead = new Map<bigint, Message>();
  #upTo = 0n;

  /** All up to this number have come. */
  get upTo(): bigint {
    return this.#upTo;
  }

  /** What can be given on now. */
  accept(message: Message): readonly Message[] {
    const { sequence } = message;
    if (sequence <= this.#upTo || sequence > this.#upTo + maxAhead) return [];
    this.#ahead.set(sequence, message);
    const ready: Message[] = [];
    for (let next = this.#ahead.get(this.#upTo + 1n); next !== undefined; next = this.#ahead.get(this.#upTo + 1n)) {
      this.#ahead.delete(++this.#upTo);
      ready.push(next);
    }
    return ready;
  }
}
