import { Incoming } from './incoming.ts';
import { Outgoing, type Sequenced } from './outgoing.ts';

/** What every frame of a conversation has. */
export interface SequencedFrame<Message> {
  acknowledged: bigint;
  messages: Message[];
}

export interface ConversationOptions<Sent, Received, Extra> {
  /** Each message once, in order. */
  readonly onMessage: (message: Received) => void;
  /** About how many bytes a message takes. */
  readonly weigh: (message: Sent) => number;
  /** A frame takes no more messages than this in bytes. */
  readonly maxFrameBytes: number;
  /** How long (ms) an acknowledgement waits for a message to go with; the sender keeps until then what it said. Default: 50. */
  readonly acknowledgeMillis?: number;
  /** What goes beside the messages into the next frame, and not twice; `undefined`: nothing. */
  readonly extra?: () => Extra | undefined;
}

/** So many messages are acknowledged at once, fewer after a while. */
const maxUntold = 64n;

/**
 * Two processes that talk over one stream after another. Messages that were not acknowledged are sent again on the next stream; whoever
 * gets one twice, late or out of order passes it on once and in order. What is said while a frame is being written goes together in the next one.
 */
export class Conversation<Sent extends Sequenced, Received extends Sequenced, Extra extends object = object> {
  readonly #options: ConversationOptions<Sent, Received, Extra>;
  readonly #outgoing: Outgoing<Sent>;
  readonly #incoming = new Incoming<Received>();
  /** The stream that is written now; a newer one ends it. */
  #stream = 0;
  #wake: (() => void) | undefined;
  /** What the other side was told to have come. */
  #told = 0n;
  #timer: NodeJS.Timeout | undefined;
  #isLate = false;
  #extra = false;

  constructor(options: ConversationOptions<Sent, Received, Extra>) {
    this.#options = options;
    this.#outgoing = new Outgoing(options.weigh);
  }

  send(message: Sent): void {
    this.#outgoing.push(message);
    this.#wake?.();
  }

  /** There is something for `extra`. */
  nudge(): void {
    this.#extra = true;
    this.#wake?.();
  }

  receive(frame: SequencedFrame<Received>): void {
    this.#outgoing.acknowledge(frame.acknowledged);
    for (const message of frame.messages)
      for (const ready of this.#incoming.accept(message)) this.#options.onMessage(ready);
    this.#acknowledge();
  }

  /** Most acknowledgements go with the next message. One that would wait for long goes alone. */
  #acknowledge(): void {
    const untold = this.#incoming.upTo - this.#told;
    const { acknowledgeMillis = 50 } = this.#options;
    if (untold === 0n) return;
    if (untold >= maxUntold) this.#wake?.();
    else if (acknowledgeMillis === 0) this.#wakeToTell();
    else this.#timer ??= setTimeout(() => this.#wakeToTell(), acknowledgeMillis).unref();
  }

  #wakeToTell(): void {
    this.#timer = undefined;
    this.#isLate = this.#incoming.upTo > this.#told;
    if (this.#isLate) this.#wake?.();
  }

  /** Messages that nobody has acknowledged. */
  get pending(): number {
    return this.#outgoing.pending;
  }

  /** The frames of a new stream, until the signal or the next call ends it. */
  async *frames(signal: AbortSignal): AsyncGenerator<SequencedFrame<Sent> & Partial<Extra>> {
    const stream = ++this.#stream;
    this.#wake?.();
    this.#outgoing.rewind();
    this.#told = 0n;
    const end = () => this.#wake?.();
    signal.addEventListener('abort', end, { once: true });
    try {
      while (!signal.aborted && stream === this.#stream) {
        if (this.#outgoing.hasMore || this.#extra || this.#owesAcknowledgement()) yield this.#frame();
        else
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
      }
    } finally {
      signal.removeEventListener('abort', end);
    }
  }

  #owesAcknowledgement(): boolean {
    const untold = this.#incoming.upTo - this.#told;
    return untold >= maxUntold || (untold > 0n && this.#isLate);
  }

  #frame(): SequencedFrame<Sent> & Partial<Extra> {
    const extra = this.#extra ? this.#options.extra?.() : undefined;
    this.#extra = false;
    this.#told = this.#incoming.upTo;
    this.#isLate = false;
    const messages = this.#outgoing.take(this.#options.maxFrameBytes);
    return { ...(extra as Partial<Extra>), acknowledged: this.#told, messages };
  }
}
