import type { TaskRequest } from '@kiln/contracts/task-scheduler';
import { type Level, levels } from './locality.ts';

/** What the lists need to know of executors that are up. */
export interface LiveExecutors {
  /** `undefined`: that executor is not up. */
  hostOf(executor: string): string | undefined;
  isLiveHost(host: string): boolean;
}

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
  }

  /** The best task for that executor no farther than `limit`; tasks without preference wait for nothing. */
  take(executor: string, host: string, limit: Level, withNoPreference: boolean): Taken | undefined {
    let index = this.#pop(this.#byExecutor.live.get(executor));
    if (index !== undefined) return { index, level: levels.process };
    if (limit >= levels.node) index = this.#pop(this.#byHost.live.get(host));
    if (index !== undefined) return { index, level: levels.node };
    if (withNoPreference) index = this.#pop(this.#noPreference);
    if (index !== undefined) return { index, level: levels.noPref };
    if (limit >= levels.any) index = this.#pop(this.#withPreference);
    return index === undefined ? undefined : { index, level: levels.any };
  }

  /** How near that executor is to a task's data. */
  levelOf(index: number, executor: string, host: string): Level {
    const task = this.#tasks[index];
    if (task === undefined) return levels.any;
    const { preferredExecutors, preferredHosts } = task;
    if (preferredExecutors.length === 0 && preferredHosts.length === 0) return levels.noPref;
    if (preferredExecutors.some((preferred) => preferred === executor)) return levels.process;
    const isNear =
      preferredHosts.includes(host) ||
      preferredExecutors.some((preferred) => this.#executors.hostOf(preferred) === host);
    return isNear ? levels.node : levels.any;
  }

  /** Whether a task waits that an executor which is up could run at exactly this level. */
  hasAt(level: Level): boolean {
    if (level === levels.process) return this.#hasAny(this.#byExecutor);
    if (level === levels.node) return this.#hasAny(this.#byHost);
    return this.#trim(level === levels.noPref ? this.#noPreference : this.#withPreference);
  }

  executorAdded(executor: string, host: string): void {
    this.#byHost.wake(host);
    for (const index of this.#byExecutor.wake(executor))
      if (this.#isPending(index)) this.#byHost.add(host, index, true);
  }

  executorRemoved(executor: string, host: string): void {
    this.#byExecutor.sleep(executor);
    if (!this.#executors.isLiveHost(host)) this.#byHost.sleep(host);
  }

  #pop(list: number[] | undefined): number | undefined {
    if (list === undefined) return undefined;
    for (let index = list.pop(); index !== undefined; index = list.pop()) if (this.#isPending(index)) return index;
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

/** Lists by executor or host; those of places that are not up sleep, so that nobody waits for them. */
class PreferenceLists {
  readonly live = new Map<string, number[]>();
  readonly #dormant = new Map<string, number[]>();

  add(key: string, index: number, isLive: boolean): void {
    const lists = isLive ? this.live : this.#dormant;
    const list = lists.get(key);
    if (list === undefined) lists.set(key, [index]);
    else list.push(index);
  }

  wake(key: string): readonly number[] {
    return move(key, this.#dormant, this.live);
  }

  sleep(key: string): void {
    move(key, this.live, this.#dormant);
  }
}

function move(key: string, from: Map<string, number[]>, to: Map<string, number[]>): readonly number[] {
  const list = from.get(key);
  if (list === undefined) return [];
  from.delete(key);
  const there = to.get(key);
  if (there === undefined) to.set(key, list);
  else for (const index of list) there.push(index);
  return list;
}
