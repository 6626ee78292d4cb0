import type { Job, StageRecord } from './state.ts';

/**
 * The stages of a job whose output its result still needs, in dependency order: the result, and parents of stages that would have to
 * run. Ancestors of a stage whose output is there, or which runs already, are not needed.
 */
export function neededStages(job: Job, isThere: (record: StageRecord) => boolean): readonly StageRecord[] {
  const needed = new Set([job.final]);
  for (const record of job.stages.toReversed()) {
    if (!needed.has(record) || record.state.type !== 'idle' || isThere(record)) continue;
    for (const parent of job.parentsOf.get(record) ?? []) needed.add(parent);
  }
  return job.stages.filter((record) => needed.has(record));
}

/** The others: their output is there, or nothing needs it. */
export function skippedStages(job: Job, isThere: (record: StageRecord) => boolean): readonly StageRecord[] {
  const needed = new Set(neededStages(job, isThere));
  return job.stages.filter((record) => !needed.has(record) || isThere(record));
}

/** A stage of that job, among these, whose results were given out. Values of subqueries stay inside the job. */
export function committedStage(job: Job, among: ReadonlySet<StageRecord>): StageRecord | undefined {
  return job.stages.find((record) => {
    return among.has(record) && record.spec.kind !== 'scalar-subquery' && record.done.size > 0;
  });
}

/** The stage and all that read of it, directly or not. */
export function withSuccessors(source: StageRecord, jobs: readonly Job[]): Set<StageRecord> {
  const found = new Set([source]);
  for (const job of jobs) {
    for (const record of job.stages) {
      if (job.parentsOf.get(record)?.some((parent) => found.has(parent))) found.add(record);
    }
  }
  return found;
}
