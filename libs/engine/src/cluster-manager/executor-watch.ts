import type { ExecutorId } from '@kiln/base';
import type { AllocationOptions } from './allocation-options.ts';
import type { AllocationEvent } from './executor-allocation.ts';

interface Watched {
  running: number;
  /** When it became idle; `null`: it runs something. */
  idleSince: number | null;
  /** Shuffles of which it holds outputs. */
  readonly shuffles: Set<string>;
}

/** Which executors there are and which of them nobody needs. */
export class ExecutorWatch {
  readonly #options: AllocationOptions;
  readonly #executors = new Map<ExecutorId, Watched>();
  /** They were told to go. */
  readonly #leaving = new Set<ExecutorId>();
  #jobs = 0;

  constructor(options: AllocationOptions) {
    this.#options = options;
  }

  /** Without those that were told to go. */
  get count(): number {
    return this.#executors.size - this.#leaving.size;
  }

  /** `true`: it may change which are idle. */
  hear(event: AllocationEvent, now: number): boolean {
    switch (event.type) {
      case 'executor-added':
        this.#executors.set(event.executorId, { running: 0, idleSince: now, shuffles: new Set() });
        return true;
      case 'executor-removed':
        this.#executors.delete(event.executorId);
        this.#leaving.delete(event.executorId);
        return true;
      case 'executor-decommissioned':
        if (this.#executors.has(event.executorId)) this.#leaving.add(event.executorId);
        return true;
      case 'task-started':
        return this.#count(event.task.executorId, 1, now);
      case 'task-ended':
        return this.#count(event.task.executorId, -1, now);
      case 'job-started':
        this.#jobs++;
        return false;
      case 'job-ended':
        this.#jobs--;
        return true;
      case 'block-updated':
        return this.#block(event.executorId, event.block, event.stored === 'removed');
      default:
        return false;
    }
  }

  /** Those that have been idle for long enough, the longest first. */
  idle(now: number): readonly ExecutorId[] {
    return [...this.#executors]
      .flatMap(([id, executor]) => {
        const end = this.#idleEnd(id, executor);
        return end !== null && end <= now ? [{ id, end }] : [];
      })
      .sort((a, b) => a.end - b.end)
      .map(({ id }) => id);
  }

  /** When the next one will have been; those that are so already do not count. */
  nextIdle(now: number): number | null {
    const ends = [...this.#executors].map(([id, executor]) => this.#idleEnd(id, executor));
    const next = Math.min(...ends.map((end) => (end === null || end <= now ? Number.POSITIVE_INFINITY : end)));
    return next === Number.POSITIVE_INFINITY ? null : next;
  }

  leave(executors: readonly ExecutorId[]): void {
    for (const id of executors) this.#leaving.add(id);
  }

  #idleEnd(id: ExecutorId, { idleSince, shuffles }: Watched): number | null {
    if (idleSince === null || this.#leaving.has(id)) return null;
    if (!this.#options.tracksShuffles || shuffles.size === 0) return idleSince + this.#options.idleMillis;
    // What it holds may be read by the jobs that run.
    if (this.#jobs > 0 || this.#options.idleWithShuffleMillis === null) return null;
    return idleSince + this.#options.idleWithShuffleMillis;
  }

  #count(id: ExecutorId, change: 1 | -1, now: number): boolean {
    const executor = this.#executors.get(id);
    if (executor === undefined) return false;
    executor.running += change;
    executor.idleSince = executor.running > 0 ? null : now;
    return executor.running === 0;
  }

  /** Map outputs are blocks `shuffle_<id>_<map>`; `shuffle_<id>` is a whole shuffle. */
  #block(id: ExecutorId, block: string, isRemoved: boolean): boolean {
    const shuffle = /^shuffle_\d+/.exec(block)?.[0];
    if (shuffle === undefined) return false;
    if (!isRemoved) this.#executors.get(id)?.shuffles.add(shuffle);
    else if (block === shuffle) for (const { shuffles } of this.#executors.values()) shuffles.delete(shuffle);
    return isRemoved;
  }
}
