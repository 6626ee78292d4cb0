import { executorId } from '@kiln/base';
import type { TaskFailure } from '@kiln/contracts/executor';
import type { TaskSchedulerAction } from '@kiln/contracts/task-scheduler';
import type { Excluded } from './exclusion.ts';
import { type Level, localityName } from './locality.ts';
import type { RunningTask, TaskSetState } from './state.ts';

export function launch(
  { taskId, set, index, attempt, executor, speculative }: RunningTask,
  level: Level,
): TaskSchedulerAction {
  const { jobId, stageId, stageAttempt } = set.taskSet;
  const partition = set.partitionOf(index);
  const locality = localityName(level);
  return {
    type: 'launch',
    launch: {
      taskId,
      jobId,
      stageId,
      stageAttempt,
      partition,
      attempt,
      executorId: executor.id,
      locality,
      speculative,
    },
  };
}

export function kill({ taskId, executor }: RunningTask, reason: string): TaskSchedulerAction {
  return { type: 'kill', taskId, executorId: executor.id, reason };
}

export function partitionDone({ set, index, taskId, executor }: RunningTask): TaskSchedulerAction {
  const { jobId, stageId, stageAttempt } = set.taskSet;
  const partition = set.partitionOf(index);
  return { type: 'partition-done', jobId, stageId, stageAttempt, partition, taskId, executorId: executor.id };
}

export function fetchFailed(set: TaskSetState, index: number, failure: TaskFailure): TaskSchedulerAction {
  const { stageId, stageAttempt } = set.taskSet;
  return { type: 'fetch-failed', stageId, stageAttempt, partition: set.partitionOf(index), failure };
}

export function taskSetFailed(
  set: TaskSetState,
  index: number,
  first: TaskFailure,
  last: TaskFailure,
  failures: number,
): TaskSchedulerAction {
  const { stageId, stageAttempt } = set.taskSet;
  return { type: 'task-set-failed', stageId, stageAttempt, partition: set.partitionOf(index), first, last, failures };
}

/** `set` null: from the whole application, until that time. */
export function excluded(
  { executor, host }: Excluded,
  set: TaskSetState | null,
  until: number | null,
): TaskSchedulerAction {
  const { stageId = null, stageAttempt = null } = set?.taskSet ?? {};
  return {
    type: 'excluded',
    executorId: executor === null ? null : executorId(executor),
    host,
    stageId,
    stageAttempt,
    until,
  };
}

export function executorLost(id: string, reason: string): TaskFailure {
  return {
    kind: 'internal',
    class: 'KILN_EXECUTOR_LOST',
    message: `Executor ${id} was lost: ${reason}`,
    causes: [],
    fetch: null,
  };
}
