import type { BlockKey, BlockStore } from '@kiln/contracts/shuffle';

/** What the native executor asks of a block store; `key.attempt` is unique among the attempts at a map output. */
interface BlockRequest {
  readonly call: number;
  readonly type: 'put' | 'get';
  readonly key: BlockKey;
}

type Answer = (call: number, block: Uint8Array | null, error: string | null) => void;

/** Puts blocks of map outputs into a plugin's store, and gets them from there. */
export class ExternalBlocks {
  readonly #store: BlockStore;
  readonly #answer: Answer;

  constructor(store: BlockStore, answer: Answer) {
    this.#store = store;
    this.#answer = answer;
  }

  onRequest({ call, type, key }: BlockRequest, block: Uint8Array | null): void {
    const done = type === 'put' ? this.#put(key, block) : this.#store.get(key);
    Promise.resolve(done).then(
      (answer) => this.#answer(call, answer, null),
      (error) => this.#answer(call, null, error instanceof Error ? error.message : String(error)),
    );
  }

  async #put(key: BlockKey, block: Uint8Array | null): Promise<null> {
    await this.#store.put(key, block ?? new Uint8Array());
    return null;
  }
}
