import type { TaskRequest } from '@kiln/contracts/task-scheduler';
import { type Level, levels } from './locality.ts';
import { PreferenceLists } from './preference-lists.ts';

/** What the lists need to know of executors that are up. */
export interface LiveExecutors {
  /** `undefined`: that executor is not up. */
  hostOf(executor: string): string | undefined;
  isLiveHost(host: string): boolean;
  isLiveRack(rack: string): boolean;
}

/** Whose slot it is. */
export interface Place {
  readonly id: string;
  readonly host: string;
  readonly rack: string | null;
}

/** Whether a task may not run there; `null`: every task may run everywhere. */
export type Barred = ((index: number) => boolean) | null;

/** A task for a slot, with how near its data are. */
export interface Taken {
  readonly index: number;
  readonly level: Level;
}

/**
 * The waiting tasks of a task set, by where they would like to run. A task is in several lists and leaves only the one it is taken from;
 * stale entries are skipped later, so that each entry costs constant time over its life. Lists are stacks: the lowest index is on top,
 * a task that failed comes first again.
 */
export class PendingTasks {
  readonly #tasks: readonly TaskRequest[];
  readonly #executors: LiveExecutors;
  readonly #isPending: (index: number) => boolean;
  readonly #byExecutor = new PreferenceLists();
  readonly #byHost = new PreferenceLists();
  readonly #byRack = new PreferenceLists();
  readonly #noPreference: number[] = [];
  readonly #withPreference: number[] = [];

  constructor(tasks: readonly TaskRequest[], executors: LiveExecutors, isPending: (index: number) => boolean) {
    this.#tasks = tasks;
    this.#executors = executors;
    this.#isPending = isPending;
    for (let index = tasks.length - 1; index >= 0; index--) this.add(index);
  }

  add(index: number): void {
    const task = this.#tasks[index];
    if (task === undefined) return;
    if (task.preferredExecutors.length === 0 && task.preferredHosts.length === 0) {
      this.#noPreference.push(index);
      return;
    }
    this.#withPreference.push(index);
    for (const executor of task.preferredExecutors) {
      const host = this.#executors.hostOf(executor);
      this.#byExecutor.add(executor, index, host !== undefined);
      if (host !== undefined) this.#byHost.add(host, index, true);
    }
    for (const host of task.preferredHosts) this.#byHost.add(host, index, this.#executors.isLiveHost(host));
    for (const rack of task.preferredRacks ?? []) this.#byRack.add(rack, index, this.#executors.isLiveRack(rack));
  }

  /** The best task for that executor no farther than `limit`; tasks without preference wait for nothing. */
  take({ id, host, rack }: Place, limit: Level, withNoPreference: boolean, barred: Barred): Taken | undefined {
    let index = this.#pop(this.#byExecutor.live.get(id), barred);
    if (index !== undefined) return { index, level: levels.process };
    if (limit >= levels.node) index = this.#pop(this.#byHost.live.get(host), barred);
    if (index !== undefined) return { index, level: levels.node };
    if (withNoPreference) index = this.#pop(this.#noPreference, barred);
    if (index !== undefined) return { index, level: levels.noPref };
    if (limit >= levels.rack && rack !== null) index = this.#pop(this.#byRack.live.get(rack), barred);
    if (index !== undefined) return { index, level: levels.rack };
    if (limit >= levels.any) index = this.#pop(this.#withPreference, barred);
    return index === undefined ? undefined : { index, level: levels.any };
  }

  /** How near that executor is to a task's data. */
  levelOf(index: number, { id, host, rack }: Place): Level {
    const task = this.#tasks[index];
    if (task === undefined) return levels.any;
    const { preferredExecutors, preferredHosts, preferredRacks = [] } = task;
    if (preferredExecutors.length === 0 && preferredHosts.length === 0) return levels.noPref;
    if (preferredExecutors.some((preferred) => preferred === id)) return levels.process;
    const isNear =
      preferredHosts.includes(host) ||
      preferredExecutors.some((preferred) => this.#executors.hostOf(preferred) === host);
    if (isNear) return levels.node;
    return rack !== null && preferredRacks.includes(rack) ? levels.rack : levels.any;
  }

  /** Whether a task waits that an executor which is up could run at exactly this level. */
  hasAt(level: Level): boolean {
    if (level === levels.process) return this.#hasAny(this.#byExecutor);
    if (level === levels.node) return this.#hasAny(this.#byHost);
    if (level === levels.rack) return this.#hasAny(this.#byRack);
    return this.#trim(level === levels.noPref ? this.#noPreference : this.#withPreference);
  }

  executorAdded({ id, host, rack }: Place): void {
    this.#byHost.wake(host);
    if (rack !== null) this.#byRack.wake(rack);
    for (const index of this.#byExecutor.wake(id)) if (this.#isPending(index)) this.#byHost.add(host, index, true);
  }

  executorRemoved({ id, host, rack }: Place): void {
    this.#byExecutor.sleep(id);
    if (!this.#executors.isLiveHost(host)) this.#byHost.sleep(host);
    if (rack !== null && !this.#executors.isLiveRack(rack)) this.#byRack.sleep(rack);
  }

  #pop(list: number[] | undefined, barred: Barred): number | undefined {
    if (list === undefined) return undefined;
    if (barred !== null) return this.#popAllowed(list, barred);
    for (let index = list.pop(); index !== undefined; index = list.pop()) if (this.#isPending(index)) return index;
    return undefined;
  }

  /** Tasks that may not run there stay in the list. */
  #popAllowed(list: number[], barred: (index: number) => boolean): number | undefined {
    for (let at = list.length - 1; at >= 0; at--) {
      const index = list[at];
      if (index === undefined) continue;
      const isPending = this.#isPending(index);
      if (isPending && barred(index)) continue;
      list.splice(at, 1);
      if (isPending) return index;
    }
    return undefined;
  }

  /** Drops stale entries from the top; whether one is left. */
  #trim(list: number[]): boolean {
    for (let top = list.at(-1); top !== undefined; top = list.at(-1)) {
      if (this.#isPending(top)) return true;
      list.pop();
    }
    return false;
  }

  #hasAny(lists: PreferenceLists): boolean {
    for (const [key, list] of lists.live) {
      if (this.#trim(list)) return true;
      lists.live.delete(key);
    }
    return false;
  }
}
