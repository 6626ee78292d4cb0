import { type ErrorData, errorToData } from '@kiln/base';
import { noMetrics, type TaskFailure, type TaskResult } from '@kiln/contracts/executor';
import type { TaskLaunch } from '@kiln/contracts/task-scheduler';

/** A task's failure as an error that names the task. */
export function failureToError(failure: TaskFailure, task: TaskLaunch): ErrorData {
  return {
    code: failure.class,
    message: failure.message,
    hint: null,
    concerns: {
      job: String(task.jobId),
      stage: String(task.stageId),
      partition: String(task.partition),
      attempt: String(task.attempt),
      executor: task.executorId,
    },
    position: null,
    cause: failure.causes.reduceRight<ErrorData | null>(
      (cause, message) => ({
        code: failure.class,
        message,
        hint: null,
        concerns: {},
        position: null,
        cause,
        stack: null,
      }),
      null,
    ),
    stack: failure.stack ?? null,
  };
}

/** The result of a task that could not even be sent. */
export function launchFailure(task: TaskLaunch, error: unknown): TaskResult {
  const { message, cause } = errorToData(error);
  const failure: TaskFailure = {
    kind: 'internal',
    class: 'KILN_TASK_LAUNCH',
    message: `the task could not be started on executor ${task.executorId}: ${message}`,
    causes: cause === null ? [] : [cause.message],
    fetch: null,
  };
  return { outcome: { taskId: task.taskId, status: { type: 'failed', failure }, metrics: noMetrics }, data: null };
}

export interface MissingOutput {
  readonly shuffleId: number;
  readonly map: number;
}

/** The result of a task that was not sent, since an output that it reads is not there any more: it is to be made again first. */
export function inputMissing(task: TaskLaunch, { shuffleId, map }: MissingOutput): TaskResult {
  const failure: TaskFailure = {
    kind: 'fetch-failed',
    class: 'FETCH_FAILED',
    message: `map output ${map} of shuffle ${shuffleId} was lost before the task was sent`,
    causes: [],
    // No executor is to be blamed for it once more.
    fetch: { shuffleId, map, reduce: task.partition, executorId: '', cause: 'missing' },
  };
  return { outcome: { taskId: task.taskId, status: { type: 'failed', failure }, metrics: noMetrics }, data: null };
}

export function executorLost(task: TaskLaunch, reason: string): ErrorData {
  const message = `Executor ${task.executorId} was lost: ${reason}`;
  return failureToError({ kind: 'internal', class: 'KILN_EXECUTOR_LOST', message, causes: [], fetch: null }, task);
}
