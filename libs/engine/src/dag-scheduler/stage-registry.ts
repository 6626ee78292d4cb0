import { type JobId, KilnError, type ShuffleId, type StageId } from '@kiln/base';
import type { JobSpec, StageSpec } from '@kiln/contracts/dag-scheduler';
import { AttemptCounter } from './attempt-counter.ts';
import { type Job, StageRecord } from './state.ts';

/** All active jobs and all known stages. A map stage has one record, any other one for each job that names it. */
export class StageRegistry {
  readonly #jobs = new Map<JobId, Job>();
  readonly #byStage = new Map<StageId, StageRecord[]>();
  readonly #byShuffle = new Map<ShuffleId, StageRecord>();
  readonly #attempts = new AttemptCounter();

  has(job: JobId): boolean {
    return this.#jobs.has(job);
  }

  job(id: JobId): Job | undefined {
    return this.#jobs.get(id);
  }

  /** In order of submission. */
  jobs(): readonly Job[] {
    return [...this.#jobs.values()];
  }

  jobsOf(record: StageRecord): readonly Job[] {
    return this.jobs().filter((job) => record.jobs.has(job.spec.jobId));
  }

  /** Stages of active jobs that wait for the resubmission. */
  resubmitting(): ReadonlySet<StageRecord> {
    return new Set(this.jobs().flatMap(({ stages }) => stages.filter(({ state }) => state.type === 'resubmitting')));
  }

  addJob(spec: JobSpec): Job {
    const records = new Map(spec.stages.map((stage) => [stage.stageId, this.#recordFor(stage)]));
    const stages = [...records.values()];
    const final = stages.at(-1);
    if (final === undefined) throw new KilnError('KILN_INTERNAL', `Job ${spec.jobId} has no stages`);
    const parentsOf = new Map(
      stages.map((record) => [record, record.spec.parents.flatMap((parent) => records.get(parent) ?? [])]),
    );
    const job: Job = { spec, stages, final, parentsOf };
    for (const record of stages) record.jobs.add(spec.jobId);
    this.#jobs.set(spec.jobId, job);
    return job;
  }

  /** The job is over; its records stay until they are removed. */
  removeJob(job: Job): void {
    this.#jobs.delete(job.spec.jobId);
    for (const record of job.stages) record.jobs.delete(job.spec.jobId);
  }

  remove(record: StageRecord): void {
    const { stageId, shuffleId } = record.spec;
    const others = (this.#byStage.get(stageId) ?? []).filter((other) => other !== record);
    if (others.length > 0) this.#byStage.set(stageId, others);
    else {
      this.#byStage.delete(stageId);
      this.#attempts.retire(stageId);
    }
    if (shuffleId !== null && this.#byShuffle.get(shuffleId) === record) this.#byShuffle.delete(shuffleId);
  }

  /** Whose attempt it is; `undefined`: of no job any more. */
  find(stageId: StageId, attempt: number): StageRecord | undefined {
    return this.#byStage.get(stageId)?.find((record) => record.attempts.has(attempt));
  }

  ofShuffle(shuffleId: ShuffleId): StageRecord | undefined {
    return this.#byShuffle.get(shuffleId);
  }

  /** Another job runs a stage of the same id, which is not shared: attempts of one stage are run one after the other. */
  isRunByAnother(record: StageRecord): boolean {
    return (this.#byStage.get(record.spec.stageId) ?? []).some((other) => other !== record && other.isActive);
  }

  /** For which job that attempt is being prepared; `undefined`: for none any more. */
  jobOfPreparation({ state }: StageRecord, attempt: number): Job | undefined {
    return state.type === 'preparing' && state.attempt === attempt ? this.#jobs.get(state.jobId) : undefined;
  }

  nextAttempt(record: StageRecord): number {
    const attempt = this.#attempts.next(record.spec.stageId);
    record.attempts.add(attempt);
    return attempt;
  }

  #recordFor(spec: StageSpec): StageRecord {
    const known = this.#byStage.get(spec.stageId) ?? [];
    const shared = spec.kind === 'shuffle-map' ? known.find(({ isMap }) => isMap) : undefined;
    if (shared !== undefined) return shared;
    const record = new StageRecord(spec);
    this.#byStage.set(spec.stageId, [...known, record]);
    if (spec.shuffleId !== null) this.#byShuffle.set(spec.shuffleId, record);
    return record;
  }
}
