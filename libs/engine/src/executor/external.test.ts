import type { DataSource, Table } from '@kiln/contracts/planner';
import type { BlockStore } from '@kiln/contracts/shuffle';
import { describe, expect, it } from 'vitest';
import { ExternalBlocks } from './external-blocks.ts';
import { ExternalSources } from './external-sources.ts';

/** Answers by the number of their call: text of the bytes, `null`, or the error. */
class Answers {
  readonly all = new Map<number, string | null>();
  readonly take = (call: number, data: Uint8Array | null, error: string | null) => {
    this.all.set(call, error === null ? (data === null ? null : Buffer.from(data).toString()) : `error: ${error}`);
  };
  async of(call: number): Promise<string | null | undefined> {
    await new Promise((resolve) => setImmediate(resolve));
    return this.all.get(call);
  }
}

describe('ExternalSources', () => {
  const setUp = () => {
    const closed: string[] = [];
    const source: DataSource = {
      format: 'Words',
      resolve: async () => ({}) as Table,
      async *read(split, payload) {
        try {
          for (const word of split.split(' ')) {
            if (word === 'boom') throw new Error('it broke');
            yield Buffer.from(payload + word);
          }
        } finally {
          closed.push(split);
        }
      },
    };
    const answers = new Answers();
    const sources = new ExternalSources([source, { format: 'native', resolve: source.resolve }], answers.take);
    const open = (call: number, path: string, name = 'words') => {
      const split = { path, start: 0, length: 0, size: 0, modifiedMillis: 0, hosts: [] };
      sources.onRequest({ type: 'open', call, stream: call * 100, source: name, payload: '>', split });
    };
    const next = (call: number, stream: number) => sources.onRequest({ type: 'next', call, stream: stream * 100 });
    return {
      answers,
      closed,
      open,
      next,
      close: (stream: number) => sources.onRequest({ type: 'close', stream: stream * 100 }),
    };
  };

  it('gives one chunk for each call, then null', async () => {
    const { answers, closed, open, next, close } = setUp();
    open(1, 'a b');
    expect(await answers.of(1)).toBe('>a');
    next(2, 1);
    expect(await answers.of(2)).toBe('>b');
    next(3, 1);
    expect(await answers.of(3)).toBeNull();
    close(1);
    expect(closed).toEqual(['a b']);
  });

  it('ends a reader that nobody reads on', async () => {
    const { answers, closed, open, close, next } = setUp();
    open(1, 'a b c');
    await answers.of(1);
    close(1);
    await answers.of(1);
    expect(closed).toEqual(['a b c']);
    next(2, 1);
    expect(await answers.of(2)).toBe('error: the stream was closed');
  });

  it('hands errors on', async () => {
    const { answers, open } = setUp();
    open(1, 'boom');
    expect(await answers.of(1)).toBe('error: it broke');
    open(2, 'a', 'nothing');
    expect(await answers.of(2)).toBe(
      "error: there is no such data source here: does its plugin have the role 'executor'?",
    );
    open(3, 'a', 'native');
    expect(await answers.of(3)).toBe('error: it has no read()');
  });
});

it('ExternalBlocks puts and gets, and hands errors on', async () => {
  const blocks = new Map<string, Uint8Array>();
  const store: BlockStore = {
    async put(key, block) {
      if (key.reduce === 9) throw new Error('full');
      blocks.set(JSON.stringify(key), block);
    },
    get: async (key) => blocks.get(JSON.stringify(key)) ?? null,
    removeShuffle: async () => {},
  };
  const answers = new Answers();
  const external = new ExternalBlocks(store, answers.take);
  const key = { shuffleId: 1, map: 2, attempt: 3, reduce: 4 };
  external.onRequest({ call: 1, type: 'put', key }, Buffer.from('block'));
  expect(await answers.of(1)).toBeNull();
  external.onRequest({ call: 2, type: 'get', key }, null);
  expect(await answers.of(2)).toBe('block');
  external.onRequest({ call: 3, type: 'get', key: { ...key, attempt: 4 } }, null);
  expect(await answers.of(3)).toBeNull();
  external.onRequest({ call: 4, type: 'put', key: { ...key, reduce: 9 } }, Buffer.from('block'));
  expect(await answers.of(4)).toBe('error: full');
});
