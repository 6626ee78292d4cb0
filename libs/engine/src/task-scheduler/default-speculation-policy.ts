import type { TaskId } from '@kiln/base';
import { EngineSettings, inject, injectable } from '@kiln/contracts/plugin';
import type { SpeculationPolicy, SpeculationView } from '@kiln/contracts/task-scheduler';

/**
 * Spark's rule, when `spark.speculation` is on: once the quantile of a stage is done, a task that runs longer than the multiple of the
 * median gets one copy, and so does one that will not end before its executor leaves. Small stages (no more tasks than an executor has
 * slots) may have a fixed threshold before that.
 */
@injectable()
export class DefaultSpeculationPolicy implements SpeculationPolicy {
  readonly intervalMillis: number | null;
  readonly #quantile: number;
  readonly #multiplier: number;
  readonly #minRuntime: number;
  readonly #threshold: number | undefined;

  constructor(@inject(EngineSettings) settings: EngineSettings) {
    this.intervalMillis = settings.get('spark.speculation') ? settings.get('spark.speculation.interval') : null;
    this.#quantile = settings.get('spark.speculation.quantile');
    this.#multiplier = settings.get('spark.speculation.multiplier');
    this.#minRuntime = settings.get('spark.speculation.minTaskRuntime');
    this.#threshold = settings.get('spark.speculation.task.duration.threshold');
  }

  speculatable(set: SpeculationView, now: number): readonly TaskId[] {
    const threshold = this.#slowAfter(set) ?? Number.POSITIVE_INFINITY;
    const usual = set.finishedMillis.length === 0 ? null : median(set.finishedMillis);
    if (threshold === Number.POSITIVE_INFINITY && usual === null) return [];
    return set.running
      .filter(({ copies, startedAt, endsAt }) => {
        const isTooLate = endsAt !== null && usual !== null && startedAt + usual > endsAt;
        return copies === 1 && (now - startedAt > threshold || isTooLate);
      })
      .map(({ taskId }) => taskId);
  }

  /** `undefined`: it is too early to tell. */
  #slowAfter({ total, finishedMillis, slotsPerExecutor }: SpeculationView): number | undefined {
    if (total === 1 && this.#threshold === undefined) return undefined;
    if (finishedMillis.length >= Math.max(1, Math.floor(this.#quantile * total))) {
      return Math.max(this.#multiplier * median(finishedMillis), this.#minRuntime);
    }
    return total <= slotsPerExecutor ? this.#threshold : undefined;
  }
}

/** Of at least one number. */
function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
