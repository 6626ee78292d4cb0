import type { TaskFailure } from '@kiln/contracts/executor';
import type { TaskSchedulerAction } from '@kiln/contracts/task-scheduler';
import { excluded } from './actions.ts';
import { ApplicationExclusion, SetExclusion } from './exclusion.ts';
import type { ExclusionOptions } from './options.ts';
import type { Barred, LiveExecutors, Place } from './pending-tasks.ts';
import type { RunningTask, TaskSetState } from './state.ts';

type Actions = readonly TaskSchedulerAction[];

/** What failures exclude, of the application and of each task set; without options nothing. */
export class Exclusions {
  readonly #options: ExclusionOptions | null;
  readonly #application: ApplicationExclusion | null;

  constructor(options: ExclusionOptions | null) {
    this.#options = options;
    this.#application = options === null ? null : new ApplicationExclusion(options);
  }

  /** For a new task set. */
  forSet(): SetExclusion | null {
    return this.#options === null ? null : new SetExclusion(this.#options);
  }

  /** No task of that set may run there. */
  excludes(set: SetExclusion | null, place: Place): boolean {
    return set !== null && (set.isExcluded(place) || this.#application?.isExcluded(place) === true);
  }

  /** Which tasks may not run there, beside {@link excludes}. */
  barred(set: SetExclusion | null, place: Place): Barred {
    return set === null || set.failures.size === 0 ? null : (index) => set.isExcludedFor(index, place);
  }

  /** A failure that counts. */
  taskFailed({ set, index, executor }: RunningTask): Actions {
    return (set.exclusion?.failed(index, executor) ?? []).map((one) => excluded(one, set, null));
  }

  /** Its failures count for the application from now on. */
  setSucceeded({ exclusion }: TaskSetState, now: number): Actions {
    if (this.#options === null || this.#application === null || exclusion === null) return [];
    const until = now + this.#options.timeoutMillis;
    return this.#application.setSucceeded(exclusion, now).map((one) => excluded(one, null, until));
  }

  /** Nothing by default: `spark.excludeOnFailure.application.fetchFailure.enabled`. */
  blockLost({ fetch }: TaskFailure, executors: LiveExecutors, now: number): Actions {
    const host = fetch === null ? undefined : executors.hostOf(fetch.executorId);
    if (this.#options?.onFetchFailure !== true || fetch === null || host === undefined) return [];
    const until = now + this.#options.timeoutMillis;
    const these = this.#application?.exclude(fetch.executorId, host, now) ?? [];
    return these.map((one) => excluded(one, null, until));
  }

  /** Ends what is over; returns when the next one ends. */
  expire(now: number): number | null {
    this.#application?.expire(now);
    return this.#application?.nextEnd ?? null;
  }
}
