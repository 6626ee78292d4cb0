import type { ExecutorId, Unregister } from '@kiln/base';
import type {
  Executor,
  ExecutorUsage,
  MapOutputs,
  SchedulerBackend,
  TaskDescription,
  TaskResult,
} from '@kiln/contracts/executor';

/** Executors of this process, called directly. */
export class InProcessBackend implements SchedulerBackend {
  readonly #executors = new Map<ExecutorId, Executor>();
  readonly #listeners = new Set<(executor: ExecutorId, result: TaskResult) => void>();

  add(executor: Executor): void {
    this.#executors.set(executor.id, executor);
  }

  launch(executor: ExecutorId, task: TaskDescription): void {
    void this.#get(executor)
      .launch(task)
      .then((result) => {
        for (const listener of this.#listeners) listener(executor, result);
      });
  }

  kill(executor: ExecutorId, taskId: number, reason: string): void {
    this.#executors.get(executor)?.kill(taskId, reason);
  }

  ensureProgram(executor: ExecutorId, hash: string, bytes: Uint8Array): void {
    this.#get(executor).loadProgram(hash, bytes);
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

  usage(): ExecutorUsage {
    return [...this.#executors.values()].map((executor) => executor.usage()).reduce(add, noUsage);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#executors.values()].map((executor) => executor.stop()));
    this.#executors.clear();
  }

  #get(id: ExecutorId): Executor {
    const executor = this.#executors.get(id);
    if (executor === undefined) throw new Error(`Executor ${id} is not in this process`);
    return executor;
  }
}

const noUsage: ExecutorUsage = {
  liveTasks: 0,
  reservedBytes: 0,
  storageBytes: 0,
  diskBytes: 0,
  temporaryFiles: 0,
  mapOutputs: 0,
  programs: 0,
  sharedBuilds: 0,
};

function add(a: ExecutorUsage, b: ExecutorUsage): ExecutorUsage {
  const keys = Object.keys(a) as (keyof ExecutorUsage)[];
  return Object.fromEntries(keys.map((key) => [key, a[key] + b[key]])) as unknown as ExecutorUsage;
}
