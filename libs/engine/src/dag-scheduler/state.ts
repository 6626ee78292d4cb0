import { type JobId, KilnError } from '@kiln/base';
import type { JobSpec, StageSpec } from '@kiln/contracts/dag-scheduler';
import { FetchFailures } from './fetch-failures.ts';
import { Suspects } from './lost-outputs.ts';

/**
 * - `idle`: nothing of it runs. A map stage whose outputs exist is idle; whether they do, only the tracker knows;
 * - `preparing`: its program is being made, for a job that needs it;
 * - `running`: an attempt runs; `pending` are its partitions that are not done;
 * - `resubmitting`: a fetch failure ended the attempt, or lost its outputs; it waits for the common resubmission;
 * - `done`: all partitions of a stage that is not a map stage are with the driver.
 */
export type StageState =
  | { readonly type: 'idle' }
  | { readonly type: 'preparing'; readonly attempt: number; readonly jobId: JobId }
  | { readonly type: 'running'; readonly attempt: number; readonly jobId: JobId; readonly pending: Set<number> }
  | { readonly type: 'resubmitting' }
  | { readonly type: 'done' };

const transitions: Readonly<Record<StageState['type'], readonly StageState['type'][]>> = {
  idle: ['preparing', 'resubmitting'],
  preparing: ['running', 'done', 'idle', 'resubmitting'],
  running: ['idle', 'done', 'resubmitting'],
  resubmitting: ['idle', 'done'],
  // Only when a parent that is not deterministic runs again.
  done: ['idle'],
};

/** A stage: of all jobs that share it (map stages), or of one job. */
export class StageRecord {
  readonly spec: StageSpec;
  /** Active jobs that need it. */
  readonly jobs = new Set<JobId>();
  /** Every attempt so far. */
  readonly attempts = new Set<number>();
  /** Attempts whose tasks may still run: submitted since it was complete for the last time. */
  readonly live = new Set<number>();
  /** Attempts before it were rolled back: what they report does not count. */
  oldestValid = 0;
  /** The stage because of which they were. */
  rolledBackFor: StageRecord | null = null;
  /** Known since it was prepared first. */
  partitions: number | null = null;
  /** Partitions with the driver; empty for map stages. */
  readonly done = new Set<number>();
  /** Since it was complete for the last time. */
  readonly fetchFailures = new FetchFailures();
  /** Map stages: a partition was made since the last rollback, so somebody may have read it. */
  hasProduced = false;
  /** Map stages: a job that used it succeeded, so its outputs stay until they are released. */
  isKept = false;
  /** Map stages: nobody refers to its outputs; they go with the last job. */
  isReleased = false;
  /** Map stages: executors that could not give their outputs. */
  readonly suspects = new Suspects();
  #state: StageState = { type: 'idle' };

  constructor(spec: StageSpec) {
    this.spec = spec;
  }

  get state(): StageState {
    return this.#state;
  }

  get isMap(): boolean {
    return this.spec.kind === 'shuffle-map';
  }

  get isActive(): boolean {
    return this.#state.type === 'preparing' || this.#state.type === 'running' || this.#state.type === 'resubmitting';
  }

  move(next: StageState): void {
    if (!transitions[this.#state.type].includes(next.type)) {
      throw new KilnError(
        'KILN_INTERNAL',
        `Stage ${this.spec.stageId} cannot go from ${this.#state.type} to ${next.type}`,
      );
    }
    this.#state = next;
  }

  /** Attempts are numbered upwards: only the last one can fail the stage. */
  isLatest(attempt: number): boolean {
    return attempt === Math.max(...this.attempts);
  }
}

/** An active job with its stages in dependency order. */
export interface Job {
  readonly spec: JobSpec;
  readonly stages: readonly StageRecord[];
  readonly final: StageRecord;
  readonly parentsOf: ReadonlyMap<StageRecord, readonly StageRecord[]>;
}
