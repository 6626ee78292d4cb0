import type { ExecutorId } from '@kiln/base';
import type { LiveExecutors } from './pending-tasks.ts';
import type { RunningTask } from './state.ts';

/** An executor that is up. Invariant: free = slots - running.size. */
export interface ExecutorState {
  readonly id: ExecutorId;
  readonly host: string;
  readonly slots: number;
  free: number;
  readonly running: Set<RunningTask>;
}

/** Executors, their free slots, and the order in which they are offered: it starts one executor later each time. */
export class ExecutorPool implements LiveExecutors {
  readonly #byId = new Map<string, ExecutorState>();
  readonly #onHost = new Map<string, number>();
  readonly #order: ExecutorState[] = [];
  #first = 0;
  /** Invariant: the sum of `free` over all executors. */
  #free = 0;

  get free(): number {
    return this.#free;
  }

  get hosts(): number {
    return this.#onHost.size;
  }

  get fewestSlots(): number {
    return this.#order.reduce((fewest, { slots }) => Math.min(fewest, slots), Number.POSITIVE_INFINITY);
  }

  hostOf(executor: string): string | undefined {
    return this.#byId.get(executor)?.host;
  }

  isLiveHost(host: string): boolean {
    return this.#onHost.has(host);
  }

  /** `undefined`: it is known already. */
  add(id: ExecutorId, host: string, slots: number): ExecutorState | undefined {
    if (this.#byId.has(id)) return undefined;
    const executor: ExecutorState = { id, host, slots, free: slots, running: new Set() };
    this.#byId.set(id, executor);
    this.#onHost.set(host, (this.#onHost.get(host) ?? 0) + 1);
    this.#order.push(executor);
    this.#free += slots;
    return executor;
  }

  remove(id: ExecutorId): ExecutorState | undefined {
    const executor = this.#byId.get(id);
    if (executor === undefined) return undefined;
    this.#byId.delete(id);
    const others = (this.#onHost.get(executor.host) ?? 1) - 1;
    if (others === 0) this.#onHost.delete(executor.host);
    else this.#onHost.set(executor.host, others);
    this.#order.splice(this.#order.indexOf(executor), 1);
    this.#free -= executor.free;
    return executor;
  }

  occupy(task: RunningTask): void {
    task.executor.running.add(task);
    task.executor.free--;
    this.#free--;
  }

  release(task: RunningTask): void {
    if (!task.executor.running.delete(task) || !this.#byId.has(task.executor.id)) return;
    task.executor.free++;
    this.#free++;
  }

  /** Those with free slots, in the order of this round. */
  offers(): readonly ExecutorState[] {
    const offered: ExecutorState[] = [];
    const { length } = this.#order;
    const start = length === 0 ? 0 : this.#first++ % length;
    for (let step = 0, found = 0; step < length && found < this.#free; step++) {
      const executor = this.#order[(start + step) % length];
      if (executor === undefined || executor.free === 0) continue;
      offered.push(executor);
      found += executor.free;
    }
    return offered;
  }
}
