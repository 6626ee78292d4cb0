import { token } from '../plugin/token.ts';

/**
 * Memory policy of an executor, as data: the arithmetic is native.
 *
 * Plane: control. Process: executor. `policy` is called once at start, `onPressure` at most a few times a second.
 */
export interface MemoryManager {
  policy(limits: MemoryLimits): MemoryPolicy;
  /** Memory is short; what to do. Default: nothing, eviction and spilling are native. */
  onPressure?(event: MemoryPressure): MemoryPressureAnswer;
}
export const MemoryManager = token<MemoryManager>('memory.manager');

export interface MemoryLimits {
  /** Bytes the process may use (cgroup, machine or `spark.executor.memory`). */
  readonly totalBytes: number;
  readonly slots: number;
}

export interface MemoryPolicy {
  /** Bytes of the one accounting: operators, shuffle blocks, broadcast, cache. */
  readonly budgetBytes: number;
  /** Share of the budget that execution may not evict (`spark.memory.storageFraction`, 0.5). */
  readonly storageFraction: number;
  /** Build sides larger than this per task are joined by sort-merge (bytes). */
  readonly maxHashBuildBytes: number;
}

export interface MemoryPressure {
  readonly reservedBytes: number;
  readonly storageBytes: number;
  readonly budgetBytes: number;
}

export interface MemoryPressureAnswer {
  /** Bytes of cached blocks to evict now. */
  readonly evictBytes: number;
}
