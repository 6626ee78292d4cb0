import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { TaskFailure } from '@kiln/contracts/executor';
import type { FromWorker, Reply, WorkerStart } from '../protocol.ts';

/** A failure that the executor told of (a lost block, a full disk): it is the task's, as it is. */
export class ToldFailure extends Error {
  readonly failure: TaskFailure;

  constructor(failure: TaskFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** So many writes may be under way while the next buffer is filled. */
const maxWrites = 2;

/** The worker's end of the conversation with its executor. Functions of users are synchronous, so it sleeps where it has to wait. */
export class Channel {
  readonly #port: MessagePort;
  readonly #replies: MessagePort;
  readonly #signal: Int32Array;
  #writes = 0;
  #seen = 0;

  constructor(port: MessagePort, start: WorkerStart) {
    this.#port = port;
    this.#replies = start.replies;
    this.#signal = new Int32Array(start.signal);
  }

  send(message: FromWorker): void {
    this.#port.postMessage(message);
  }

  /** Encoded records of a partition of a shuffle, some at a time; `null` at the end. */
  read(reader: number, shuffleId: number, partition: number): Uint8Array | null {
    this.send({ type: 'read', reader, shuffleId, partition });
    for (;;) {
      const reply = this.#next();
      if (reply.type === 'records') return reply.data;
      this.#writes--;
    }
  }

  /** The buffers are the executor's from now on. */
  write(data: Uint8Array<ArrayBuffer>, lengths: Uint32Array<ArrayBuffer>, partitions: Uint32Array<ArrayBuffer>): void {
    this.settle(maxWrites - 1);
    const message: FromWorker = { type: 'write', data, lengths, partitions };
    this.#port.postMessage(message, [data.buffer, lengths.buffer, partitions.buffer]);
    this.#writes++;
  }

  /** Waits until no more writes than these are under way. */
  settle(writes: number): void {
    while (this.#writes > writes) if (this.#next().type === 'written') this.#writes--;
  }

  /** A task that failed may have left answers. */
  forget(): void {
    while (receiveMessageOnPort(this.#replies) !== undefined);
    this.#writes = 0;
  }

  #next(): Exclude<Reply, { type: 'failure' }> {
    for (;;) {
      const received = receiveMessageOnPort(this.#replies) as { message: Reply } | undefined;
      if (received !== undefined) {
        const reply = received.message;
        if (reply.type === 'failure') throw new ToldFailure(reply.failure);
        return reply;
      }
      Atomics.wait(this.#signal, 0, this.#seen);
      this.#seen = Atomics.load(this.#signal, 0);
    }
  }
}
