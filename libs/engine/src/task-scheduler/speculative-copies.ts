import type { RunningTask } from './state.ts';

/** Tasks that wait for a second copy on another host than the one that runs them. */
export class SpeculativeCopies {
  readonly #byHost = new Map<string, RunningTask[]>();
  readonly #known = new Set<RunningTask>();
  readonly #isWanted: (task: RunningTask) => boolean;

  /** `isWanted`: it still runs, once. */
  constructor(isWanted: (task: RunningTask) => boolean) {
    this.#isWanted = isWanted;
  }

  get waiting(): number {
    return this.#known.size;
  }

  want(task: RunningTask): void {
    if (this.#known.has(task) || !this.#isWanted(task)) return;
    this.#known.add(task);
    const { host } = task.executor;
    const list = this.#byHost.get(host);
    if (list === undefined) this.#byHost.set(host, [task]);
    else list.push(task);
  }

  /** A task that does not run on `host`. */
  take(host: string): RunningTask | undefined {
    for (const [other, list] of this.#byHost) {
      if (other === host) continue;
      for (let task = list.pop(); task !== undefined; task = list.pop()) {
        this.#known.delete(task);
        if (this.#isWanted(task)) return task;
      }
      this.#byHost.delete(other);
    }
    return undefined;
  }
}
