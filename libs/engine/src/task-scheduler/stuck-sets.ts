import type { TaskFailure } from '@kiln/contracts/executor';
import type { TaskSchedulerAction } from '@kiln/contracts/task-scheduler';
import { taskSetFailed } from './actions.ts';
import type { Exclusions } from './exclusions.ts';
import type { ExecutorPool } from './executor-pool.ts';
import type { TaskSchedulerOptions } from './options.ts';
import type { TaskSetState } from './state.ts';

interface Look {
  /** Those that want slots. */
  readonly sets: readonly TaskSetState[];
  /** Some task was launched in this step. */
  readonly hasLaunched: boolean;
  readonly now: number;
}

export interface Finding {
  readonly actions: readonly TaskSchedulerAction[];
  readonly wake: number | null;
}

const nothing: Finding = { actions: [], wake: null };

/**
 * Task sets that may wait for ever: because no executor takes tasks, or because failures exclude all there are (Spark's
 * `unschedulableTaskSetTimeout`; what is launched meanwhile, of whichever set, puts it off). They fail with a reason when their time is over.
 */
export class StuckSets {
  readonly #executors: ExecutorPool;
  readonly #exclusions: Exclusions;
  readonly #options: TaskSchedulerOptions;
  readonly #excludedUntil = new Map<TaskSetState, number>();
  #noExecutorUntil: number | null = null;

  constructor(executors: ExecutorPool, exclusions: Exclusions, options: TaskSchedulerOptions) {
    this.#executors = executors;
    this.#exclusions = exclusions;
    this.#options = options;
  }

  /** `false`: nothing can be stuck. */
  get mayFind(): boolean {
    return this.#options.exclusion !== null || this.#areAllUseless || this.#noExecutorUntil !== null;
  }

  look({ sets, hasLaunched, now }: Look): Finding {
    if (!this.#areAllUseless) this.#noExecutorUntil = null;
    else if (sets.length > 0) return this.#withoutExecutors(sets, now);
    return this.#options.exclusion === null ? nothing : this.#excluded(sets, hasLaunched, now);
  }

  /** There are executors, but none takes tasks. When there are none at all, who starts them knows why and ends the jobs. */
  get #areAllUseless(): boolean {
    return this.#executors.usable === 0 && this.#executors.all.length > 0;
  }

  #withoutExecutors(sets: readonly TaskSetState[], now: number): Finding {
    const { noExecutorMillis } = this.#options;
    this.#noExecutorUntil ??= now + noExecutorMillis;
    if (now < this.#noExecutorUntil) return { actions: [], wake: this.#noExecutorUntil };
    const failure = this.#noExecutorFailure(noExecutorMillis);
    return { actions: sets.flatMap((set) => give(set, set.firstPending, failure)), wake: null };
  }

  #noExecutorFailure(waited: number): TaskFailure {
    const { cpus } = this.#options;
    const staying = this.#executors.all.filter(({ isDecommissioned }) => !isDecommissioned);
    const most = Math.max(...staying.map(({ cores }) => cores));
    return staying.length > 0
      ? failureOf(
          'KILN_TASK_CPUS',
          `a task takes ${cpus} cores (spark.task.cpus), but no executor has more than ${most}`,
        )
      : failureOf(
          'KILN_NO_EXECUTORS',
          `all executors leave, and no other has come for ${waited / 1000} s (kiln.executor.noExecutorsGrace)`,
        );
  }

  #excluded(sets: readonly TaskSetState[], hasLaunched: boolean, now: number): Finding {
    for (const set of this.#excludedUntil.keys()) {
      if (hasLaunched || !sets.includes(set)) this.#excludedUntil.delete(set);
    }
    if (hasLaunched) return nothing;
    const actions: TaskSchedulerAction[] = [];
    let wake: number | null = null;
    for (const set of sets) {
      const index = this.#fullyExcluded(set);
      if (index === undefined) {
        this.#excludedUntil.delete(set);
        continue;
      }
      const until = this.#excludedUntil.get(set);
      if (until === undefined) actions.push(this.#wanted(set));
      const end = until ?? now + this.#options.unschedulableMillis;
      this.#excludedUntil.set(set, end);
      if (now >= end) actions.push(...give(set, index, excludedFailure(this.#executors.all.length)));
      else if (wake === null || end < wake) wake = end;
    }
    return { actions, wake };
  }

  /** A task that waits and may run on none of the executors. */
  #fullyExcluded(set: TaskSetState): number | undefined {
    const { exclusion } = set;
    const { all } = this.#executors;
    if (exclusion === null || all.length === 0) return undefined;
    const open = all.filter(
      (executor) => executor.slots > 0 && !executor.isDecommissioned && !this.#exclusions.excludes(exclusion, executor),
    );
    if (open.length === 0) return set.firstPending;
    return [...exclusion.failedTasks].find((index) => {
      return set.isPending(index) && open.every((executor) => exclusion.isExcludedFor(index, executor));
    });
  }

  #wanted(set: TaskSetState): TaskSchedulerAction {
    const { stageId, stageAttempt } = set.taskSet;
    const idle = this.#executors.all.find((executor) => executor.running.size === 0 && !executor.isDecommissioned);
    return { type: 'executor-wanted', stageId, stageAttempt, replaces: idle?.id ?? null };
  }
}

function give(set: TaskSetState, index: number | undefined, failure: TaskFailure): readonly TaskSchedulerAction[] {
  // Copies that wait for a slot keep no set from its end.
  if (index === undefined || !set.move('failed-too-often')) return [];
  return [taskSetFailed(set, index, failure, failure, 0)];
}

function excludedFailure(executors: number): TaskFailure {
  const those = executors === 1 ? 'the only executor' : `all ${executors} executors`;
  return failureOf(
    'KILN_TASK_EXCLUDED',
    `failures exclude ${those} for it (spark.excludeOnFailure), and no other executor has come in time`,
  );
}

function failureOf(code: string, message: string): TaskFailure {
  return { kind: 'internal', class: code, message, causes: [], fetch: null };
}
