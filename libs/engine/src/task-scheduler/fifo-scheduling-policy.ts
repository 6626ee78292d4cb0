import { injectable } from '@kiln/contracts/plugin';
import type { SchedulingPolicy, TaskSetView } from '@kiln/contracts/task-scheduler';

/** The job that came first is served first; within a job, the stage with the lower id. */
@injectable()
export class FifoSchedulingPolicy implements SchedulingPolicy {
  readonly name = 'FIFO';
  readonly stable = true;

  order(sets: readonly TaskSetView[]): readonly TaskSetView[] {
    return sets.toSorted(byAge);
  }
}

export function byAge(a: TaskSetView, b: TaskSetView): number {
  return a.jobId - b.jobId || a.stageId - b.stageId || a.stageAttempt - b.stageAttempt;
}
