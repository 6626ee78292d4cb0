import type { TaskId } from '@kiln/base';
import type { SpeculationPolicy, SpeculationView } from '@kiln/contracts/task-scheduler';
import type { ExecutorPool } from './executor-pool.ts';
import type { TaskSetState } from './state.ts';

/** Asks the speculation policy when its interval is over. */
export class SpeculationTimer {
  readonly #policy: SpeculationPolicy;
  #next: number | null = null;

  constructor(policy: SpeculationPolicy) {
    this.#policy = policy;
  }

  get isOn(): boolean {
    return this.#policy.intervalMillis !== null;
  }

  /** When it looks next, given that something runs; `null`: never. */
  next(now: number): number | null {
    if (this.#policy.intervalMillis === null) return null;
    this.#next ??= now + this.#policy.intervalMillis;
    return this.#next;
  }

  /** The tasks to copy, if it is time. On a single host nothing can be copied. */
  look(sets: Iterable<TaskSetState>, executors: ExecutorPool, now: number): readonly TaskId[] {
    if (this.#next === null || now < this.#next) return [];
    this.#next = null;
    if (executors.hosts < 2) return [];
    const slow: TaskId[] = [];
    for (const set of sets) {
      if (set.phase === 'active' && set.running > 0)
        slow.push(...this.#policy.speculatable(viewOf(set, executors.fewestSlots), now));
    }
    return slow;
  }
}

function viewOf(set: TaskSetState, slotsPerExecutor: number): SpeculationView {
  return {
    total: set.taskSet.tasks.length,
    slotsPerExecutor,
    finishedMillis: set.finishedMillis,
    // Made when the policy looks at it: most of the time too little is done.
    get running() {
      return [...set.runningTasks()].map(({ taskId, startedAt, index, executor }) => ({
        taskId,
        startedAt,
        endsAt: executor.endsAt,
        copies: set.attemptsOf(index).length,
      }));
    },
  };
}
