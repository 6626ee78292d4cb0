import type { JobId, StageId } from '@kiln/base';
import type { MapOutputTracker } from '@kiln/contracts/shuffle';
import type { TaskRequest } from '@kiln/contracts/task-scheduler';
import { outputsOfShuffle } from './lost-outputs.ts';
import type { Outbox } from './outbox.ts';
import type { Job, StageRecord } from './state.ts';

/** What is done to one stage: from its program to its end, and back to the start. */
export class StageRuns {
  readonly #tracker: MapOutputTracker;
  readonly #out: Outbox;

  constructor(tracker: MapOutputTracker, out: Outbox) {
    this.#tracker = tracker;
    this.#out = out;
  }

  /** Its output is there: nothing needs to run for it. */
  isThere(record: StageRecord): boolean {
    return record.state.type === 'done' || (record.state.type === 'idle' && record.isMap && this.isComplete(record));
  }

  /** All partitions are made, whatever runs besides. */
  isComplete(record: StageRecord): boolean {
    if (!record.isMap) return record.partitions !== null && record.done.size >= record.partitions;
    const { shuffleId } = record.spec;
    return record.partitions === 0 || (shuffleId !== null && this.#tracker.missing(shuffleId)?.length === 0);
  }

  /** Where that output is said to be. */
  hostOf(record: StageRecord | undefined, map: number): string | null {
    const { shuffleId = null } = record?.spec ?? {};
    return shuffleId === null ? null : (this.#tracker.outputs(shuffleId)[map]?.location.host ?? null);
  }

  prepare(record: StageRecord, attempt: number, jobId: JobId): void {
    record.move({ type: 'preparing', attempt, jobId });
    this.#out.push({ type: 'prepare-stage', jobId, stageId: record.spec.stageId, attempt });
  }

  /** Runs those of the tasks that are not done. */
  submit(record: StageRecord, attempt: number, job: Job, tasks: readonly TaskRequest[]): void {
    const { stageId } = record.spec;
    const { jobId, pool } = job.spec;
    record.partitions = tasks.length;
    const missing = this.#missing(record, tasks);
    record.live.add(attempt);
    record.move({ type: 'running', attempt, jobId, pending: new Set(missing.map(({ partition }) => partition)) });
    this.#out.push({
      type: 'submit-task-set',
      taskSet: { jobId, stageId, stageAttempt: attempt, tasks: missing, pool, priority: 0 },
    });
  }

  /** An attempt that runs ended by a failure; others of it may be tried. */
  fail(record: StageRecord, reason: string, next: 'idle' | 'resubmitting'): void {
    this.#end(record, 'failed', reason);
    record.move({ type: next });
  }

  /** The running attempt made what was missing, or all is done without it. */
  complete(record: StageRecord): void {
    this.#end(record, 'succeeded', null);
    record.move({ type: record.isMap ? 'idle' : 'done' });
    if (!this.isComplete(record)) return;
    record.live.clear();
    record.fetchFailures.clear();
  }

  /** Nobody needs what runs of it. */
  abandon(record: StageRecord, reason: string): void {
    for (const stageAttempt of record.live) this.cancel(record.spec.stageId, stageAttempt, reason);
    record.live.clear();
    this.#end(record, 'cancelled', reason);
    if (record.isActive) record.move({ type: 'idle' });
  }

  cancel(stageId: StageId, stageAttempt: number, reason: string): void {
    this.#out.push({ type: 'cancel-stage', stageId, stageAttempt, reason });
  }

  /** All that it made is void, and so is what its attempts may still make. */
  rollBack(record: StageRecord, source: StageRecord): void {
    this.abandon(record, `stage ${source.spec.stageId} runs again and gives other rows`);
    if (record.state.type === 'done') record.move({ type: 'idle' });
    record.oldestValid = Math.max(-1, ...record.attempts) + 1;
    record.rolledBackFor = source;
    record.done.clear();
    record.hasProduced = false;
    const { shuffleId } = record.spec;
    if (shuffleId !== null && record.partitions !== null) this.#out.unregister(outputsOfShuffle(shuffleId));
  }

  #missing(record: StageRecord, tasks: readonly TaskRequest[]): readonly TaskRequest[] {
    const { shuffleId } = record.spec;
    if (!record.isMap || shuffleId === null) return tasks.filter(({ partition }) => !record.done.has(partition));
    const missing = this.#tracker.missing(shuffleId);
    if (missing === undefined || missing.length === tasks.length) return tasks;
    const wanted = new Set(missing);
    return tasks.filter(({ partition }) => wanted.has(partition));
  }

  #end({ spec, state }: StageRecord, outcome: 'succeeded' | 'failed' | 'cancelled', reason: string | null): void {
    if (state.type !== 'running') return;
    this.#out.push({
      type: 'stage-completed',
      jobId: state.jobId,
      stageId: spec.stageId,
      attempt: state.attempt,
      outcome,
      reason,
    });
  }
}
