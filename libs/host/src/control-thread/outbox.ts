/** A message between threads costs as much as a hundred events in it: what comes within so short a time goes together. */
const collectMillis = 5;

/** Collects what is to be posted to the user's thread. */
export class Outbox<T> {
  readonly #post: (items: readonly T[]) => void;
  #items: T[] = [];

  constructor(post: (items: readonly T[]) => void) {
    this.#post = post;
  }

  add(item: T): void {
    if (this.#items.push(item) === 1) setTimeout(() => this.flush(), collectMillis);
  }

  /** Posts what is there: before a message that must not arrive earlier. */
  flush(): void {
    if (this.#items.length === 0) return;
    const items = this.#items;
    this.#items = [];
    this.#post(items);
  }
}
