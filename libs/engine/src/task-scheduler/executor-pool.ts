import type { ExecutorId } from '@kiln/base';
import type { LiveExecutors } from './pending-tasks.ts';
import type { RunningTask } from './state.ts';

/** An executor that is up. Invariant: free = slots - running.size, 0 once it is decommissioned. */
export interface ExecutorState {
  readonly id: ExecutorId;
  readonly host: string;
  readonly rack: string | null;
  readonly cores: number;
  /** Tasks that it runs at the same time. */
  readonly slots: number;
  free: number;
  readonly running: Set<RunningTask>;
  /** It gets no new tasks. */
  isDecommissioned: boolean;
  /** When it leaves, if that is known. */
  endsAt: number | null;
}

export interface AddedExecutor {
  readonly executorId: ExecutorId;
  readonly host: string;
  readonly rack: string | null;
  /** Cores. */
  readonly slots: number;
}

/** Executors, their free slots, and the order in which they are offered: it starts one executor later each time. */
export class ExecutorPool implements LiveExecutors {
  readonly #byId = new Map<string, ExecutorState>();
  readonly #onHost = new Map<string, number>();
  readonly #onRack = new Map<string, number>();
  readonly #order: ExecutorState[] = [];
  #first = 0;
  /** Invariant: the sum of `free` over all executors. */
  #free = 0;
  /** Invariant: executors that may get tasks. */
  #usable = 0;

  get free(): number {
    return this.#free;
  }

  get usable(): number {
    return this.#usable;
  }

  get all(): readonly ExecutorState[] {
    return this.#order;
  }

  /** Also those of executors that get no new tasks. */
  get hosts(): number {
    return new Set(this.#order.map(({ host }) => host)).size;
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

  isLiveRack(rack: string): boolean {
    return this.#onRack.has(rack);
  }

  /** `cpus`: cores that a task takes. `undefined`: it is known already. */
  add({ executorId: id, host, rack, slots: cores }: AddedExecutor, cpus: number): ExecutorState | undefined {
    if (this.#byId.has(id)) return undefined;
    const slots = Math.floor(cores / cpus);
    const executor: ExecutorState = {
      id,
      host,
      rack,
      cores,
      slots,
      free: slots,
      running: new Set(),
      isDecommissioned: false,
      endsAt: null,
    };
    this.#byId.set(id, executor);
    count(this.#onHost, host, 1);
    if (rack !== null) count(this.#onRack, rack, 1);
    this.#order.push(executor);
    this.#free += slots;
    if (executor.slots > 0) this.#usable++;
    return executor;
  }

  remove(id: ExecutorId): ExecutorState | undefined {
    const executor = this.#byId.get(id);
    if (executor === undefined) return undefined;
    this.#byId.delete(id);
    this.#order.splice(this.#order.indexOf(executor), 1);
    this.#free -= executor.free;
    if (!executor.isDecommissioned) this.#leaves(executor);
    return executor;
  }

  /** From now on it gets no tasks. `undefined`: it is not there, or it does so already. */
  decommission(id: ExecutorId, endsAt: number | null): ExecutorState | undefined {
    const executor = this.#byId.get(id);
    if (executor === undefined || executor.isDecommissioned) return undefined;
    this.#leaves(executor);
    executor.isDecommissioned = true;
    executor.endsAt = endsAt;
    this.#free -= executor.free;
    executor.free = 0;
    return executor;
  }

  /** No task will want it, its host or its rack because of it. */
  #leaves({ host, rack, slots }: ExecutorState): void {
    if (slots > 0) this.#usable--;
    count(this.#onHost, host, -1);
    if (rack !== null) count(this.#onRack, rack, -1);
  }

  occupy(task: RunningTask): void {
    task.executor.running.add(task);
    task.executor.free--;
    this.#free--;
  }

  release(task: RunningTask): void {
    const { executor } = task;
    if (!executor.running.delete(task) || !this.#byId.has(executor.id) || executor.isDecommissioned) return;
    executor.free++;
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

function count(counts: Map<string, number>, key: string, change: number): void {
  const value = (counts.get(key) ?? 0) + change;
  if (value === 0) counts.delete(key);
  else counts.set(key, value);
}
