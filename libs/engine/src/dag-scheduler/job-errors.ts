import type { ErrorData, StageId } from '@kiln/base';
import type { JobSpec } from '@kiln/contracts/dag-scheduler';
import type { TaskFailure } from '@kiln/contracts/executor';
import type { Job, StageRecord } from './state.ts';

interface FailedTaskSet {
  readonly stageAttempt: number;
  readonly partition: number;
  readonly first: TaskFailure;
  readonly last: TaskFailure;
  readonly failures: number;
}

/** What is wrong with a job as it was submitted; `null`: nothing. */
export function jobProblem(spec: JobSpec): string | null {
  const before = new Set<StageId>();
  for (const { stageId, parents, kind, shuffleId } of spec.stages) {
    const unknown = parents.find((parent) => !before.has(parent));
    if (unknown !== undefined) return `stage ${stageId} comes before its parent, stage ${unknown}`;
    if (before.has(stageId)) return `stage ${stageId} is there twice`;
    if ((kind === 'shuffle-map') !== (shuffleId !== null))
      return `stage ${stageId} is of kind '${kind}', but its shuffle is ${shuffleId}`;
    before.add(stageId);
  }
  return spec.stages.length === 0 ? 'it has no stages' : null;
}

export function invalidJobError(spec: JobSpec, problem: string): ErrorData {
  return jobError({ spec }, 'KILN_JOB_INVALID', problem, { hint: null, concerns: {}, cause: null });
}

/**
 * A task failed too often: the first failure leads, later ones are mostly noise. Where the query or its data are at fault
 * the job has the class that Spark gives it (`DIVIDE_BY_ZERO`), as from an action there; else it is `KILN_TASK_FAILED`.
 */
export function taskFailedError(job: Job, stage: StageRecord, failed: FailedTaskSet): ErrorData {
  const { first, last, failures, partition } = failed;
  if (failures === 0) return neverRunError(job, stage, failed);
  const times = failures === 1 ? 'failed' : `failed ${failures} times; the first failure`;
  const differs = last.class !== first.class || last.message !== first.message;
  const later = differs ? ` (the last failure: ${textOf(last)})` : '';
  return jobError(
    job,
    first.kind === 'user' ? first.class : 'KILN_TASK_FAILED',
    `partition ${partition} of ${nameOf(stage)} ${times}: ${textOf(first)}${later}`,
    {
      hint:
        first.kind === 'out-of-memory'
          ? 'Give executors more memory (spark.executor.memory), or use more and smaller partitions'
          : null,
      concerns: {
        stage: String(stage.spec.stageId),
        attempt: String(failed.stageAttempt),
        partition: String(partition),
      },
      cause: failureData(first),
    },
  );
}

const neverRunHints: Readonly<Record<string, string>> = {
  KILN_NO_EXECUTORS:
    'Look in the logs for why executors ended; spark.dynamicAllocation.minExecutors keeps some of them',
  KILN_TASK_CPUS: 'Lower spark.task.cpus, or raise spark.executor.cores',
  KILN_TASK_EXCLUDED:
    'Look at the failures of this stage; spark.excludeOnFailure.* says how many exclude an executor and for how long',
};

/** Tasks that no executor could be given. */
function neverRunError(job: Job, stage: StageRecord, { first, partition, stageAttempt }: FailedTaskSet): ErrorData {
  return jobError(job, first.class, `partition ${partition} of ${nameOf(stage)} cannot be run: ${first.message}`, {
    hint: neverRunHints[first.class] ?? null,
    concerns: { stage: String(stage.spec.stageId), attempt: String(stageAttempt), partition: String(partition) },
    cause: null,
  });
}

/** Shuffle blocks were lost in too many attempts in a row: the first loss is the one to look at. */
export function fetchFailedError(job: Job, stage: StageRecord, attempts: number, first: TaskFailure): ErrorData {
  const lost = first.fetch;
  const where = lost === null ? '' : ` (map ${lost.map} of shuffle ${lost.shuffleId} on executor ${lost.executorId})`;
  return jobError(
    job,
    'KILN_STAGE_FETCH_FAILED',
    `${attempts} attempts of ${nameOf(stage)} in a row lost shuffle blocks${where}; the first: ${textOf(first)}`,
    {
      hint: 'Look for why that executor was lost or its disk failed; spark.stage.maxConsecutiveAttempts allows more attempts',
      concerns: {
        stage: String(stage.spec.stageId),
        ...(lost === null ? {} : { executor: lost.executorId, shuffle: String(lost.shuffleId) }),
      },
      cause: failureData(first),
    },
  );
}

/** `spark.stage.maxAttempts`. */
export function tooManyAttemptsError(job: Job, stage: StageRecord): ErrorData {
  const reason = `${nameOf(stage)} has run ${stage.attempts.size} times, the maximum allowable number of times`;
  return jobError(job, 'KILN_STAGE_ATTEMPTS', reason, {
    hint: 'Look for why its attempts failed; spark.stage.maxAttempts allows more of them',
    concerns: { stage: String(stage.spec.stageId) },
    cause: null,
  });
}

/** A stage whose rows differ from run to run would have to run again after results of its first run were given out. */
export function cannotRollBackError(job: Job, again: StageRecord, committed: StageRecord): ErrorData {
  const reason = `${nameOf(again)} lost outputs and gives other rows when it runs again, but ${nameOf(committed)} has given out results of its first run`;
  return jobError(job, 'KILN_STAGE_INDETERMINATE', reason, {
    hint: 'Run the query again. Sorting before repartition() or sample(), or saving what they give, makes stages repeatable',
    concerns: { stage: String(again.spec.stageId) },
    cause: null,
  });
}

export function cancelledError(job: Job, reason: string): ErrorData {
  const { jobId, description } = job.spec;
  const message = `Job ${jobId}${inBrackets(description)} was cancelled: ${reason}`;
  return {
    code: 'KILN_JOB_CANCELLED',
    message,
    hint: null,
    concerns: { job: String(jobId) },
    position: null,
    cause: null,
    stack: null,
  };
}

/** An error of the plan or the program is the user's answer as it is: only what it concerns is added. */
export function preparationError(job: Job, stage: StageRecord, error: ErrorData): ErrorData {
  return { ...error, concerns: { job: String(job.spec.jobId), stage: String(stage.spec.stageId), ...error.concerns } };
}

function jobError(
  job: Pick<Job, 'spec'>,
  code: string,
  reason: string,
  rest: Pick<ErrorData, 'hint' | 'concerns' | 'cause'>,
): ErrorData {
  const { jobId, description } = job.spec;
  const message = `Job ${jobId}${inBrackets(description)} failed: ${reason}`;
  return {
    code,
    message,
    hint: rest.hint,
    concerns: { job: String(jobId), ...rest.concerns },
    position: null,
    cause: rest.cause,
    stack: null,
  };
}

function failureData(failure: TaskFailure): ErrorData {
  const data = (message: string, cause: ErrorData | null): ErrorData => {
    return { code: failure.class, message, hint: null, concerns: {}, position: null, cause, stack: null };
  };
  const causes = failure.causes.reduceRight<ErrorData | null>((cause, message) => data(message, cause), null);
  return { ...data(failure.message, causes), stack: failure.stack ?? null };
}

function textOf(failure: TaskFailure): string {
  return `${failure.class}: ${failure.message}`;
}

function nameOf({ spec }: StageRecord): string {
  return `stage ${spec.stageId}${inBrackets(spec.name)}`;
}

function inBrackets(text: string): string {
  return text === '' ? '' : ` (${text})`;
}
