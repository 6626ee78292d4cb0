import { type ErrorData, KilnError, shuffleId } from '@kiln/base';
import type { DagAction, DagEvent, DagScheduler } from '@kiln/contracts/dag-scheduler';
import type { FetchFailure, TaskFailure } from '@kiln/contracts/executor';
import { EngineSettings, inject, injectable } from '@kiln/contracts/plugin';
import { type LostOutputs, MapOutputTracker } from '@kiln/contracts/shuffle';
import type { Handlers } from './handlers.ts';
import { JobEnds } from './job-ends.ts';
import {
  cancelledError,
  cannotRollBackError,
  fetchFailedError,
  invalidJobError,
  jobProblem,
  preparationError,
  taskFailedError,
  tooManyAttemptsError,
} from './job-errors.ts';
import { Leaving, outputsOfExecutor, outputsOfHost, Suspects } from './lost-outputs.ts';
import { committedStage, neededStages, skippedStages, withSuccessors } from './needed-stages.ts';
import { type DagSchedulerOptions, dagSchedulerOptions } from './options.ts';
import { Outbox } from './outbox.ts';
import { StageRegistry } from './stage-registry.ts';
import { StageRuns } from './stage-runs.ts';
import type { Job, StageRecord } from './state.ts';

/** All state of the scheduler and one handler per event. The tracker is only asked what is missing; actions change it. */
@injectable()
export class DefaultDagScheduler implements DagScheduler {
  readonly #settings: EngineSettings;
  readonly #stages = new StageRegistry();
  readonly #out = new Outbox();
  readonly #runs: StageRuns;
  readonly #ends: JobEnds;
  #madeOptions: DagSchedulerOptions | undefined;
  readonly #leaving = new Leaving();
  /** When stages that wait for the resubmission go on; `null`: there are none. */
  #resubmitAt: number | null = null;
  /** Stages may be ready, but the tracker has to hear first of outputs that are lost. */
  #advanceNext = false;
  #now = 0;

  constructor(@inject(MapOutputTracker) tracker: MapOutputTracker, @inject(EngineSettings) settings: EngineSettings) {
    this.#settings = settings;
    this.#runs = new StageRuns(tracker, this.#out);
    this.#ends = new JobEnds(this.#stages, this.#runs, this.#out);
  }

  get #options(): DagSchedulerOptions {
    this.#madeOptions ??= dagSchedulerOptions(this.#settings);
    return this.#madeOptions;
  }

  step(event: DagEvent, now: number): readonly DagAction[] {
    this.#now = now;
    const advance = this.#advanceNext;
    this.#advanceNext = false;
    (this.#handlers[event.type] as (event: DagEvent) => void)(event);
    if (advance) this.#advance();
    if (this.#advanceNext) this.#out.push({ type: 'wake', at: now });
    return this.#out.take();
  }

  readonly #handlers: Handlers = {
    'job-submitted': ({ job: spec }) => {
      const { jobId } = spec;
      if (this.#stages.has(jobId)) throw new KilnError('KILN_INTERNAL', `Job ${jobId} was submitted twice`);
      const problem = jobProblem(spec);
      if (problem !== null) {
        return this.#out.push({ type: 'job-failed', jobId, error: invalidJobError(spec, problem), cancelled: false });
      }
      const job = this.#stages.addJob(spec);
      for (const { spec: stage } of skippedStages(job, this.#isThere)) {
        this.#out.push({ type: 'stage-skipped', jobId, stageId: stage.stageId });
      }
      this.#advance();
    },
    'stage-prepared': ({ stageId, attempt, tasks }) => {
      const record = this.#stages.find(stageId, attempt);
      const job = record === undefined ? undefined : this.#stages.jobOfPreparation(record, attempt);
      if (record === undefined || job === undefined)
        return this.#runs.cancel(stageId, attempt, 'it is not needed any more');
      this.#runs.submit(record, attempt, job, tasks);
      this.#completeIfDone(record);
    },
    'stage-preparation-failed': ({ stageId, attempt, error }) => {
      const record = this.#stages.find(stageId, attempt);
      if (record === undefined || !record.isActive || !record.isLatest(attempt)) return;
      this.#runs.fail(record, error.message, 'idle');
      this.#failJobs(record, (job) => preparationError(job, record, error));
    },
    'partition-done': ({ stageId, stageAttempt, partition, otherRows }) => {
      const record = this.#stages.find(stageId, stageAttempt);
      if (record === undefined) return;
      if (stageAttempt < record.oldestValid) return this.#givenOutLate(record);
      if (otherRows && this.#options.comparesChecksums) this.#rollBack(record, 'successors');
      if (record.isMap) record.hasProduced = true;
      else record.done.add(partition);
      if (record.state.type === 'running') record.state.pending.delete(partition);
      this.#completeIfDone(record);
    },
    'task-set-failed': (failed) => {
      const record = this.#stages.find(failed.stageId, failed.stageAttempt);
      if (record?.state.type !== 'running' || record.state.attempt !== failed.stageAttempt) return;
      this.#runs.fail(record, `${failed.first.class}: ${failed.first.message}`, 'idle');
      this.#failJobs(record, (job) => taskFailedError(job, record, failed));
    },
    'fetch-failed': ({ stageId, stageAttempt, failure }) => {
      const record = this.#stages.find(stageId, stageAttempt);
      // A newer attempt, or none that can still run: what it says is old.
      if (record === undefined || !record.live.has(stageAttempt) || !record.isLatest(stageAttempt)) return;
      this.#blockLost(record, stageAttempt, failure);
    },
    'executor-lost': ({ executorId: lost }) => {
      this.#out.unregister(outputsOfExecutor(lost));
      this.#advance();
    },
    'host-lost': ({ host }) => {
      this.#out.unregister(outputsOfHost(host));
      this.#advance();
    },
    'executor-decommissioned': ({ executorId }) => this.#leaving.add(executorId),
    'job-cancelled': ({ jobId, reason }) => {
      const job = this.#stages.job(jobId);
      if (job === undefined) return;
      this.#fail(job, cancelledError(job, reason), true);
      this.#advance();
    },
    'shuffle-released': ({ shuffleId: released }) => {
      const record = this.#stages.ofShuffle(released);
      if (record === undefined) return;
      record.isReleased = true;
      if (record.jobs.size === 0) this.#ends.drop(record);
    },
    tick: () => {
      if (this.#resubmitAt === null) return;
      if (this.#now < this.#resubmitAt) return this.#out.push({ type: 'wake', at: this.#resubmitAt });
      this.#resubmitAt = null;
      for (const record of this.#stages.resubmitting()) record.move({ type: 'idle' });
      this.#advance();
    },
  };

  readonly #isThere = (record: StageRecord) => this.#runs.isThere(record);

  /** Starts every stage that is needed and whose inputs are there. */
  #advance(): void {
    for (const job of this.#stages.jobs()) {
      if (this.#out.unregisters) {
        this.#advanceNext = true;
        return;
      }
      this.#advanceJob(job);
    }
  }

  #advanceJob(job: Job): void {
    if (!this.#stages.has(job.spec.jobId)) return;
    if (this.#isThere(job.final)) return this.#succeed(job);
    for (const record of neededStages(job, this.#isThere)) {
      if (!this.#canStart(record, job)) continue;
      if (record.spec.determinism === 'indeterminate' && record.hasProduced) this.#rollBack(record, 'all');
      if (!this.#stages.has(job.spec.jobId)) return;
      if (record.attempts.size >= this.#options.maxAttempts) {
        return this.#failJobs(record, (failed) => tooManyAttemptsError(failed, record));
      }
      this.#runs.prepare(record, this.#stages.nextAttempt(record), job.spec.jobId);
      this.#advanceNext = this.#out.unregisters;
      if (this.#advanceNext) return;
    }
  }

  #canStart(record: StageRecord, job: Job): boolean {
    if (record.state.type !== 'idle' || this.#isThere(record) || this.#stages.isRunByAnother(record)) return false;
    return (job.parentsOf.get(record) ?? []).every(this.#isThere);
  }

  #completeIfDone(record: StageRecord): void {
    const { state } = record;
    if (state.type === 'running' && state.pending.size > 0) return;
    // Attempts that were given up may finish what is missing, but a map stage that does not run is not asked.
    if (state.type !== 'running' && (record.isMap || state.type === 'done' || !this.#runs.isComplete(record))) return;
    this.#runs.complete(record);
    const job = record.isMap ? undefined : this.#stages.jobsOf(record)[0];
    if (job?.final === record) this.#succeed(job);
    this.#advance();
  }

  #blockLost(record: StageRecord, attempt: number, failure: TaskFailure): void {
    const { fetch } = failure;
    const source = fetch === null ? undefined : this.#stages.ofShuffle(shuffleId(fetch.shuffleId));
    if (fetch !== null) this.#out.unregister(this.#lostWith(fetch, source));
    const counts = fetch === null || !this.#options.ignoresDecommissioned || !this.#leaving.isBlamed(fetch);
    const first = record.fetchFailures.add(attempt, failure, counts);
    const { attempts } = record.fetchFailures;
    if (record.state.type === 'running') this.#runs.fail(record, failure.message, 'resubmitting');
    if (attempts >= this.#options.maxConsecutiveAttempts) {
      return this.#failJobs(record, (job) => fetchFailedError(job, record, attempts, first));
    }
    if (source?.spec.determinism === 'indeterminate' && source.hasProduced) this.#rollBack(source, 'all');
    if (record.state.type === 'idle' && record.jobs.size > 0) record.move({ type: 'resubmitting' });
    if (source?.state.type === 'idle' && source.jobs.size > 0) source.move({ type: 'resubmitting' });
    this.#resubmitAt ??= this.#now + this.#options.resubmitDelayMillis;
    this.#out.push({ type: 'wake', at: this.#resubmitAt });
  }

  #lostWith(fetch: FetchFailure, source: StageRecord | undefined): LostOutputs {
    const host = this.#options.losesHost ? this.#runs.hostOf(source, fetch.map) : null;
    if (host !== null) return outputsOfHost(host);
    return (source?.suspects ?? new Suspects()).lostOutputs(fetch);
  }

  /**
   * `source` gives other rows when it runs again: all that was made of the old ones goes too, and (`all`) what it has made itself. Jobs
   * that gave some of it out fail.
   */
  #rollBack(source: StageRecord, what: 'all' | 'successors'): void {
    const affected = withSuccessors(source, this.#stages.jobs());
    if (what === 'successors') affected.delete(source);
    for (const job of this.#stages.jobsOf(source)) {
      const committed = committedStage(job, affected);
      if (committed !== undefined) this.#fail(job, cannotRollBackError(job, source, committed), false);
    }
    for (const record of affected) if (record.jobs.size > 0) this.#runs.rollBack(record, source);
  }

  /** A write takes time: results of an attempt that was rolled back meanwhile are out all the same. */
  #givenOutLate(record: StageRecord): void {
    const { rolledBackFor: source, spec } = record;
    if (source === null || (spec.kind !== 'result' && spec.kind !== 'write')) return;
    this.#failJobs(record, (job) => cannotRollBackError(job, source, record));
  }

  #failJobs(record: StageRecord, errorOf: (job: Job) => ErrorData): void {
    for (const job of this.#stages.jobsOf(record)) this.#fail(job, errorOf(job), false);
    this.#advance();
  }

  #fail(job: Job, error: ErrorData, cancelled: boolean): void {
    const { jobId } = job.spec;
    this.#ends.end(job, cancelled ? error.message : `job ${jobId} failed`, false);
    this.#out.push({ type: 'job-failed', jobId, error, cancelled });
  }

  #succeed(job: Job): void {
    const { jobId } = job.spec;
    this.#ends.end(job, `job ${jobId} succeeded without it`, true);
    this.#out.push({ type: 'job-succeeded', jobId });
    this.#advance();
  }
}
