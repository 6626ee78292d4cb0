import type { TaskSetView } from '@kiln/contracts/task-scheduler';
import type { TaskSetState } from './state.ts';

/** Running tasks of all sets of a pool. */
export class RunningByPool {
  readonly #running = new Map<string, number>();

  of(pool: string): number {
    return this.#running.get(pool) ?? 0;
  }

  add(pool: string, change: number): void {
    this.#running.set(pool, this.of(pool) + change);
  }
}

/** Live, read-only: what a policy may see. */
export function viewOf(set: TaskSetState, pools: RunningByPool, submittedAt: number): TaskSetView {
  const { jobId, stageId, stageAttempt, pool, priority } = set.taskSet;
  return {
    jobId,
    stageId,
    stageAttempt,
    pool,
    priority,
    submittedAt,
    get pending() {
      return set.pending;
    },
    get running() {
      return set.running;
    },
    get poolRunning() {
      return pools.of(pool);
    },
  };
}
