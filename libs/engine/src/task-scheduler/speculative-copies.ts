import type { Barred } from './pending-tasks.ts';
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

  /** A task that does not run on `host` and is not barred there. */
  take(host: string, barred: Barred): RunningTask | undefined {
    for (const [other, list] of this.#byHost) {
      if (other === host) continue;
      for (let at = list.length - 1; at >= 0; at--) {
        const task = list[at];
        if (task === undefined) continue;
        const isWanted = this.#isWanted(task);
        if (isWanted && barred?.(task.index) === true) continue;
        list.splice(at, 1);
        this.#known.delete(task);
        if (isWanted) return task;
      }
      if (list.length === 0) this.#byHost.delete(other);
    }
    return undefined;
  }
}
