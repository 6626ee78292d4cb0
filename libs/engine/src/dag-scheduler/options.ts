import type { EngineSettings } from '@kiln/contracts/plugin';

/** What the DAG scheduler takes from the settings. */
export interface DagSchedulerOptions {
  /** Consecutive attempts of a stage ended by fetch failures that fail its jobs. */
  readonly maxConsecutiveAttempts: number;
  /** From the first fetch failure to the resubmission; those that come meanwhile join it. */
  readonly resubmitDelayMillis: number;
}

export function dagSchedulerOptions(settings: EngineSettings): DagSchedulerOptions {
  return { maxConsecutiveAttempts: settings.get('spark.stage.maxConsecutiveAttempts'), resubmitDelayMillis: 200 };
}
