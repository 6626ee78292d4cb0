import type { ExecutorId, Unregister } from '@kiln/base';
import type {
  ExecutorUsage,
  MapOutputs,
  SchedulerBackend,
  TaskDescription,
  TaskResult,
} from '@kiln/contracts/executor';
import type { ExecutorEndpoint } from './endpoint.ts';
import { addUsage, noUsage } from './usage.ts';

/** All executors of an engine. What is said to one that is gone is not said: its loss is told on another way. */
export class ExecutorBackend implements SchedulerBackend {
  readonly #executors = new Map<ExecutorId, ExecutorEndpoint>();
  readonly #listeners = new Set<(executor: ExecutorId, result: TaskResult) => void>();
  readonly #tellsOfLosses: boolean;
  readonly #usedUp = new Set<string>();
  /** Of executors that are gone but not yet at rest. */
  readonly #stopping = new Set<Promise<unknown>>();

  /** `tellsOfLosses` false: a new executor may serve blocks where a lost one did (`spark.blockManager.port`), so losses are found by trying. */
  constructor(tellsOfLosses = true) {
    this.#tellsOfLosses = tellsOfLosses;
  }

  add(executor: ExecutorEndpoint): void {
    this.#executors.set(executor.id, executor);
  }

  /** It gets nothing more, and what it still says is not heard. */
  remove(id: ExecutorId): void {
    const executor = this.#executors.get(id);
    if (executor === undefined) return;
    this.#executors.delete(id);
    this.#tellOthers(executor.address);
    const stopping: Promise<unknown> = executor
      .stop()
      .catch(() => {})
      .finally(() => this.#stopping.delete(stopping));
    this.#stopping.add(stopping);
  }

  /** Who reads from it fails at once and not after all its tries. An address is never used again: see {@link isUsedUp}. */
  #tellOthers(address: string): void {
    if (address === '' || !this.#tellsOfLosses) return;
    this.#usedUp.add(address);
    for (const other of this.#executors.values()) other.peerGone(address);
  }

  /** Another executor served its blocks there, and the others know that it is gone. */
  isUsedUp(address: string): boolean {
    return this.#usedUp.has(address);
  }

  /** For endpoints. */
  report(id: ExecutorId, result: TaskResult): void {
    if (!this.#executors.has(id)) return;
    for (const listener of this.#listeners) listener(id, result);
  }

  launch(executor: ExecutorId, task: TaskDescription): void {
    this.#get(executor).launch(task);
  }

  kill(executor: ExecutorId, taskId: number, reason: string): void {
    this.#executors.get(executor)?.kill(taskId, reason);
  }

  ensureProgram(executor: ExecutorId, hash: string, bytes: Uint8Array): void {
    this.#get(executor).ensureProgram(hash, bytes);
  }

  dropProgram(hash: string): void {
    for (const executor of this.#executors.values()) executor.dropProgram(hash);
  }

  setMapOutputs(executor: ExecutorId, outputs: MapOutputs): void {
    this.#get(executor).setMapOutputs(outputs);
  }

  removeShuffle(shuffleId: number): void {
    for (const executor of this.#executors.values()) executor.removeShuffle(shuffleId);
  }

  onResult(listener: (executor: ExecutorId, result: TaskResult) => void): Unregister {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async usage(): Promise<ExecutorUsage> {
    const usages = await Promise.all([...this.#executors.values()].map((executor) => executor.usage()));
    return usages.reduce(addUsage, noUsage);
  }

  async stop(): Promise<void> {
    for (const id of [...this.#executors.keys()]) this.remove(id);
    await Promise.all(this.#stopping);
  }

  #get(id: ExecutorId): ExecutorEndpoint {
    const executor = this.#executors.get(id);
    if (executor === undefined) throw new Error(`Executor ${id} is not known`);
    return executor;
  }
}
