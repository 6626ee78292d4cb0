import type { Outbox } from './outbox.ts';
import type { StageRegistry } from './stage-registry.ts';
import type { StageRuns } from './stage-runs.ts';
import type { Job, StageRecord } from './state.ts';

/** What becomes of the stages of a job that is over. */
export class JobEnds {
  readonly #stages: StageRegistry;
  readonly #runs: StageRuns;
  readonly #out: Outbox;

  constructor(stages: StageRegistry, runs: StageRuns, out: Outbox) {
    this.#stages = stages;
    this.#runs = runs;
    this.#out = out;
  }

  /** What ran only for this job is cancelled. Outputs of a job that succeeded stay until they are released. */
  end(job: Job, reason: string, succeeded: boolean): void {
    this.#stages.removeJob(job);
    for (const record of job.stages) {
      record.isKept ||= succeeded && record.isMap;
      if (record.jobs.size === 0) this.#runs.abandon(record, reason);
      // Prepared for this job; another one prepares it anew.
      else if (record.state.type === 'preparing' && record.state.jobId === job.spec.jobId)
        record.move({ type: 'idle' });
    }
    for (const record of job.stages) {
      if (record.jobs.size > 0) continue;
      if (!record.isMap) this.#stages.remove(record);
      else if (!record.isKept || record.isReleased) this.drop(record);
    }
  }

  drop(record: StageRecord): void {
    const { shuffleId } = record.spec;
    this.#stages.remove(record);
    if (shuffleId !== null && record.partitions !== null) this.#out.push({ type: 'drop-shuffle', shuffleId });
  }
}
