/** Less is not worth a collection of garbage, which stops the user's thread for some milliseconds. */
const worthwhileBytes = 128 * 2 ** 20;

/**
 * Map outputs of ended jobs live as long as somebody holds their DataFrame, and the user's heap, which is small, sees no reason to look
 * whether anybody does. So the engine asks for it when they have grown large (Spark asks by the clock: `spark.cleaner.periodicGC.interval`).
 */
export class KeptOutputs {
  readonly #outputBytes: () => number;
  readonly #collect: () => void;
  /** What was there when it asked last: users may hold that. */
  #asked = 0;

  constructor(outputBytes: () => number, collect: () => void) {
    this.#outputBytes = outputBytes;
    this.#collect = collect;
  }

  /** Called before a job: what former ones left is nobody's but theirs who hold a DataFrame. */
  beforeJob(): void {
    const kept = this.#outputBytes();
    this.#asked = Math.min(this.#asked, kept);
    if (kept - this.#asked < worthwhileBytes) return;
    this.#asked = kept;
    this.#collect();
  }
}
