/** Takes a record. */
export type Push = (record: unknown) => void;

/** Records of a partition, pushed a block at a time, so that no operator holds more than a block. */
export interface Stream {
  /** Pushes the next block; `false`: there was none. */
  advance(push: Push): boolean;
}

export const emptyStream: Stream = { advance: () => false };

/** One after another, each made when its turn comes. */
export function concatenated(streams: readonly (() => Stream)[]): Stream {
  let next = 0;
  let current: Stream | undefined;
  return {
    advance(push) {
      for (;;) {
        if (current?.advance(push)) return true;
        const make = streams[next++];
        if (make === undefined) return false;
        current = make();
      }
    },
  };
}

/** For functions of users that take the records of a partition. */
export function* iterate(stream: Stream): Generator<unknown, void, undefined> {
  let block: unknown[] = [];
  const collect = (record: unknown) => {
    block.push(record);
  };
  while (stream.advance(collect)) {
    const full = block;
    block = [];
    yield* full;
  }
}

/** The stream of an iterable: blocks of 1,024 records. */
export function streamOf(records: Iterable<unknown>): Stream {
  const iterator = records[Symbol.iterator]();
  let ended = false;
  return {
    advance(push) {
      for (let i = 0; i < 1024; i++) {
        const { done, value } = iterator.next();
        if (done) {
          if (ended || i === 0) {
            ended = true;
            return i > 0;
          }
          ended = true;
          return true;
        }
        push(value);
      }
      return true;
    },
  };
}

/** Pushes everything. */
export function drain(stream: Stream, push: Push): void {
  while (stream.advance(push));
}
