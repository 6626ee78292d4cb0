/** A message that keeps its number however often it is sent. */
export interface Sequenced {
  sequence: bigint;
}

/**
 * What was said and is not acknowledged yet. A new stream starts over with all of it, so that nothing is lost with a connection;
 * the other side knows by the numbers what it has already.
 */
export class Outgoing<Message extends Sequenced> {
  readonly #weigh: (message: Message) => number;
  #kept: Message[] = [];
  /** How many of the kept ones were sent on this stream. */
  #sent = 0;
  #last = 0n;

  /** `weigh`: about how many bytes a message takes. */
  constructor(weigh: (message: Message) => number) {
    this.#weigh = weigh;
  }

  push(message: Message): void {
    message.sequence = ++this.#last;
    this.#kept.push(message);
  }

  /** All up to this number have come; one that was never given is ignored. */
  acknowledge(upTo: bigint): void {
    if (upTo > this.#last) return;
    const first = this.#kept[0]?.sequence;
    if (first === undefined || upTo < first) return;
    const count = Number(upTo - first) + 1;
    this.#kept = this.#kept.slice(count);
    this.#sent = Math.max(0, this.#sent - count);
  }

  /** A new stream. */
  rewind(): void {
    this.#sent = 0;
  }

  get hasMore(): boolean {
    return this.#sent < this.#kept.length;
  }

  /** Messages that nobody has acknowledged. */
  get pending(): number {
    return this.#kept.length;
  }

  /** The next ones to send on this stream, together about `maxBytes`, at least one. */
  take(maxBytes: number): Message[] {
    const taken: Message[] = [];
    for (let bytes = 0; this.#sent < this.#kept.length; this.#sent++) {
      const message = this.#kept[this.#sent];
      if (message === undefined) break;
      bytes += this.#weigh(message);
      if (taken.length > 0 && bytes > maxBytes) break;
      taken.push(message);
    }
    return taken;
  }
}
