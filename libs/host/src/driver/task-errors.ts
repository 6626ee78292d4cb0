import type { ErrorData } from '@kiln/base';
import type { TaskFailure } from '@kiln/contracts/executor';
import type { TaskLaunch } from '@kiln/contracts/task-scheduler';

/** A task's failure as an error that names the task. */
export function failureToError(failure: TaskFailure, task: TaskLaunch): ErrorData {
  return {
    code: failure.class,
    message: failure.message,
    hint: null,
    concerns: { job: String(task.jobId), stage: String(task.stageId), partition: String(task.partition), attempt: String(task.attempt), executor: task.executorId },
    position: null,
    cause: failure.causes.reduceRight<ErrorData | null>(
      (cause, message) => ({ code: failure.class, message, hint: null, concerns: {}, position: null, cause, stack: null }),
      null,
    ),
    stack: null,
  };
}
