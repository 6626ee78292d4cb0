/** A pipe takes as much at once. */
const chunkCharacters = 64 * 1024;

/** Writes lines in chunks, each when the one before is out: so a slow reader is waited for, and one that is gone is noticed. */
export class LineWriter {
  readonly #print: (text: string) => Promise<void>;
  #chunk = '';

  constructor(print: (text: string) => Promise<void>) {
    this.#print = print;
  }

  async write(line: string): Promise<void> {
    this.#chunk += line;
    if (this.#chunk.length >= chunkCharacters) await this.end();
  }

  /** Writes what is left. */
  async end(): Promise<void> {
    const chunk = this.#chunk;
    this.#chunk = '';
    if (chunk !== '') await this.#print(chunk);
  }
}
