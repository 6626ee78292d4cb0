import { KilnError, type StageId } from '@kiln/base';
import type { TaskSetState } from './state.ts';

/** The task sets that are not over, by stage and attempt. */
export class TaskSets {
  readonly #byStage = new Map<StageId, Map<number, TaskSetState>>();

  add(set: TaskSetState): void {
    const { stageId, stageAttempt } = set.taskSet;
    const attempts = this.#byStage.get(stageId) ?? new Map<number, TaskSetState>();
    if (attempts.has(stageAttempt))
      throw new KilnError('KILN_INTERNAL', `Attempt ${stageAttempt} of stage ${stageId} was submitted twice`);
    attempts.set(stageAttempt, set);
    this.#byStage.set(stageId, attempts);
  }

  /** `false`: it was removed before. */
  remove({ taskSet: { stageId, stageAttempt } }: TaskSetState): boolean {
    const attempts = this.#byStage.get(stageId);
    const removed = attempts?.delete(stageAttempt) ?? false;
    if (attempts?.size === 0) this.#byStage.delete(stageId);
    return removed;
  }

  find(stageId: StageId, stageAttempt: number): TaskSetState | undefined {
    return this.#byStage.get(stageId)?.get(stageAttempt);
  }

  *all(): Generator<TaskSetState> {
    for (const attempts of this.#byStage.values()) yield* attempts.values();
  }

  /** Other attempts of the same stage for the same job. */
  siblings(set: TaskSetState): readonly TaskSetState[] {
    const attempts = this.#byStage.get(set.taskSet.stageId);
    if (attempts === undefined || attempts.size === 1) return [];
    return [...attempts.values()].filter((other) => other !== set && other.taskSet.jobId === set.taskSet.jobId);
  }
}
