import type { OptionValue } from './options.ts';

/** Settings of a session that later queries use: `session.conf.set('spark.sql.shuffle.partitions', 8)`. */
export class RuntimeConf {
  #values: Readonly<Record<string, string>>;

  constructor(initial: Readonly<Record<string, string>>) {
    this.#values = initial;
  }

  /** Sets a value for what runs from now on. A bad value is an error of the next query. */
  set(name: string, value: OptionValue): void {
    this.#values = { ...this.#values, [name]: String(value) };
  }

  /** The value that was set, or `fallback`. */
  get(name: string, fallback?: string): string | undefined {
    return Object.hasOwn(this.#values, name) ? this.#values[name] : fallback;
  }

  /** Back to the default. */
  unset(name: string): void {
    const { [name]: _, ...rest } = this.#values;
    this.#values = rest;
  }

  /** All values that were set. */
  getAll(): Readonly<Record<string, string>> {
    return this.#values;
  }
}
