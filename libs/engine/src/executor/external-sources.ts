import type { DataSource, Split } from '@kiln/contracts/planner';

/** What the native executor asks: `open` and `next` want an answer under the number of the call. */
type ExternalRequest =
  | {
      readonly type: 'open';
      readonly call: number;
      readonly stream: number;
      readonly source: string;
      readonly payload: string;
      readonly split: Split;
    }
  | { readonly type: 'next'; readonly call: number; readonly stream: number }
  | { readonly type: 'close'; readonly stream: number };

type Answer = (call: number, data: Uint8Array | null, error: string | null) => void;

/** Reads data sources of plugins for native scans: one iterator per stream, pulled one chunk at a time. */
export class ExternalSources {
  readonly #sources: ReadonlyMap<string, DataSource>;
  readonly #answer: Answer;
  readonly #streams = new Map<number, AsyncIterator<Uint8Array>>();

  constructor(sources: readonly DataSource[], answer: Answer) {
    this.#sources = new Map(sources.map((source) => [source.format.toLowerCase(), source]));
    this.#answer = answer;
  }

  onRequest(request: ExternalRequest): void {
    if (request.type === 'close') return this.#close(request.stream);
    this.#next(request).then(
      (data) => this.#answer(request.call, data, null),
      (error) => {
        this.#close(request.stream);
        this.#answer(request.call, null, error instanceof Error ? error.message : String(error));
      },
    );
  }

  async #next(request: Exclude<ExternalRequest, { readonly type: 'close' }>): Promise<Uint8Array | null> {
    if (request.type === 'open') this.#streams.set(request.stream, this.#open(request));
    const stream = this.#streams.get(request.stream);
    if (stream === undefined) throw new Error('the stream was closed');
    const { done, value } = await stream.next();
    if (!done) return value;
    this.#streams.delete(request.stream);
    return null;
  }

  #open({
    source: name,
    split,
    payload,
  }: Extract<ExternalRequest, { readonly type: 'open' }>): AsyncIterator<Uint8Array> {
    const source = this.#sources.get(name.toLowerCase());
    if (source?.read === undefined)
      throw new Error(
        source === undefined
          ? "there is no such data source here: does its plugin have the role 'executor'?"
          : 'it has no read()',
      );
    return source.read(split.path, payload)[Symbol.asyncIterator]();
  }

  /** Nobody reads on: the source may clean up. */
  #close(id: number): void {
    const stream = this.#streams.get(id);
    this.#streams.delete(id);
    void Promise.resolve(stream?.return?.()).catch(() => {});
  }
}
