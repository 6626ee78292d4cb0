import type { MemoryLimits, MemoryManager, MemoryPolicy } from '@kiln/contracts/memory';
import { EngineSettings, inject, injectable } from '@kiln/contracts/plugin';

/** Spark's unified model: 300 MiB are kept back, `spark.memory.fraction` of the rest is for execution and storage. */
export const reservedBytes = 300 * 1024 * 1024;

@injectable()
export class DefaultMemoryManager implements MemoryManager {
  readonly #settings: EngineSettings;

  constructor(@inject(EngineSettings) settings: EngineSettings) {
    this.#settings = settings;
  }

  policy(limits: MemoryLimits): MemoryPolicy {
    const explicit = this.#settings.get('kiln.memory.budget');
    const fraction = this.#settings.get('spark.memory.fraction');
    const budgetBytes =
      explicit === undefined
        ? Math.floor(Math.max(limits.totalBytes - reservedBytes, limits.totalBytes / 2) * fraction)
        : explicit;
    return {
      budgetBytes,
      storageFraction: this.#settings.get('spark.memory.storageFraction'),
      // A hash table takes up to twice its rows; a task's share is 1/slots.
      maxHashBuildBytes: Math.floor(budgetBytes / limits.slots / 2),
    };
  }
}
