import type { ExclusionOptions } from './options.ts';
import type { Place } from './pending-tasks.ts';

/** What was excluded just now: an executor, or (`executor` null) all of its host. */
export interface Excluded {
  readonly executor: string | null;
  readonly host: string;
}

/** Spark's exclusion inside one task set: for single tasks, and for all of them. */
export class SetExclusion {
  readonly #options: ExclusionOptions;
  /** Executor to failures of each task there. */
  readonly #failures = new Map<string, Map<number, number>>();
  readonly #hostOf = new Map<string, string>();
  readonly #executors = new Set<string>();
  readonly #hosts = new Set<string>();

  constructor(options: ExclusionOptions) {
    this.#options = options;
  }

  /** Failures, by executor and task: the application counts them when the set succeeds. */
  get failures(): ReadonlyMap<string, ReadonlyMap<number, number>> {
    return this.#failures;
  }

  /** Tasks that failed and may therefore be barred from some place. */
  get failedTasks(): ReadonlySet<number> {
    return new Set([...this.#failures.values()].flatMap((tasks) => [...tasks.keys()]));
  }

  hostOf(executor: string): string {
    return this.#hostOf.get(executor) ?? '';
  }

  failed(index: number, { id, host }: Place): readonly Excluded[] {
    const tasks = this.#failures.get(id) ?? new Map<number, number>();
    this.#failures.set(id, tasks.set(index, (tasks.get(index) ?? 0) + 1));
    this.#hostOf.set(id, host);
    const excluded: Excluded[] = [];
    if (tasks.size >= this.#options.stageTasksPerExecutor && !this.#executors.has(id)) {
      this.#executors.add(id);
      excluded.push({ executor: id, host });
    }
    const there = [...this.#executors].filter((executor) => this.#hostOf.get(executor) === host).length;
    if (there >= this.#options.stageExecutorsPerHost && !this.#hosts.has(host)) {
      this.#hosts.add(host);
      excluded.push({ executor: null, host });
    }
    return excluded;
  }

  /** From all tasks of the set. */
  isExcluded({ id, host }: Place): boolean {
    return this.#executors.has(id) || this.#hosts.has(host);
  }

  isExcludedFor(index: number, { id, host }: Place): boolean {
    const { attemptsPerExecutor, attemptsPerHost } = this.#options;
    if ((this.#failures.get(id)?.get(index) ?? 0) >= attemptsPerExecutor) return true;
    let onHost = 0;
    for (const [executor, tasks] of this.#failures)
      if (this.#hostOf.get(executor) === host) onHost += tasks.get(index) ?? 0;
    return onHost >= attemptsPerHost;
  }
}

/** Spark's exclusion from the whole application: failures of task sets that succeeded add up until they expire. */
export class ApplicationExclusion {
  readonly #options: ExclusionOptions;
  /** Executor to when its failures are forgotten, one entry a failed task. */
  readonly #failures = new Map<string, number[]>();
  readonly #executors = new Map<string, { readonly host: string; readonly until: number }>();
  readonly #hosts = new Map<string, number>();

  constructor(options: ExclusionOptions) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#executors.size === 0 && this.#hosts.size === 0;
  }

  /** When the next exclusion ends; `null`: there is none. */
  get nextEnd(): number | null {
    const ends = [...[...this.#executors.values()].map(({ until }) => until), ...this.#hosts.values()];
    return ends.length === 0 ? null : Math.min(...ends);
  }

  isExcluded({ id, host }: Place): boolean {
    return this.#executors.has(id) || this.#hosts.has(host);
  }

  expire(now: number): void {
    for (const [id, { until }] of this.#executors) if (until <= now) this.#executors.delete(id);
    for (const [host, until] of this.#hosts) if (until <= now) this.#hosts.delete(host);
  }

  setSucceeded(exclusion: SetExclusion, now: number): readonly Excluded[] {
    return [...exclusion.failures].flatMap(([executor, tasks]) => {
      const recent = (this.#failures.get(executor) ?? []).filter((expiresAt) => expiresAt > now);
      for (const _ of tasks) recent.push(now + this.#options.timeoutMillis);
      this.#failures.set(executor, recent);
      const isOver = recent.length >= this.#options.applicationTasksPerExecutor;
      return isOver && !this.#executors.has(executor) ? this.exclude(executor, exclusion.hostOf(executor), now) : [];
    });
  }

  exclude(executor: string, host: string, now: number): readonly Excluded[] {
    const until = now + this.#options.timeoutMillis;
    this.#failures.delete(executor);
    this.#executors.set(executor, { host, until });
    const there = [...this.#executors.values()].filter((other) => other.host === host).length;
    if (there < this.#options.applicationExecutorsPerHost || this.#hosts.has(host)) return [{ executor, host }];
    this.#hosts.set(host, until);
    return [
      { executor, host },
      { executor: null, host },
    ];
  }
}
