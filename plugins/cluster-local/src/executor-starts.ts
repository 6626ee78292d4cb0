/** Waits between starts that fail, in milliseconds. */
const firstWait = 100;
const longestWait = 1_000;
/** An executor that lived for so long did start. */
const startedMillis = 10_000;

/** How often and how fast executors that fail are started again. */
export class ExecutorStarts {
  readonly #maxFailures: number;
  #failures = 0;

  /** `maxFailures`: failures in a row after which it is given up (`spark.deploy.maxExecutorRetries`); negative: never. */
  constructor(maxFailures: number) {
    this.#maxFailures = maxFailures;
  }

  /** An executor ended by itself; the wait before another is started, `null`: none is. */
  failed(livedMillis: number): number | null {
    if (livedMillis >= startedMillis) this.#failures = 0;
    this.#failures++;
    if (this.#maxFailures >= 0 && this.#failures > this.#maxFailures) return null;
    return this.#failures === 1 ? 0 : Math.min(longestWait, firstWait * 2 ** (this.#failures - 2));
  }

  get failures(): number {
    return this.#failures;
  }
}
