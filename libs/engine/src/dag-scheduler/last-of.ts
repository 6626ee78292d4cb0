/** The values added last, at most `most` of them: what is older nobody asks for any more. */
export class LastOf<T> {
  readonly #values = new Set<T>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  add(value: T): void {
    this.#values.delete(value);
    this.#values.add(value);
    const [oldest] = this.#values;
    if (this.#values.size > this.#most && oldest !== undefined) this.#values.delete(oldest);
  }

  has(value: T): boolean {
    return this.#values.has(value);
  }
}
