import type { EngineSettings } from '@kiln/contracts/plugin';

/** What the DAG scheduler takes from the settings. */
export interface DagSchedulerOptions {
  /** Consecutive attempts of a stage ended by fetch failures that fail its jobs. */
  readonly maxConsecutiveAttempts: number;
  /** Attempts of a stage in all, whatever they ended by. */
  readonly maxAttempts: number;
  /** From the first fetch failure to the resubmission; those that come meanwhile join it. */
  readonly resubmitDelayMillis: number;
  /** One block that cannot be fetched makes all outputs of its host lost. */
  readonly losesHost: boolean;
  /** Fetch failures of executors that leave do not count. */
  readonly ignoresDecommissioned: boolean;
  /** A map output that is made again with other rows voids what was made of the lost one. */
  readonly comparesChecksums: boolean;
}

export function dagSchedulerOptions(settings: EngineSettings): DagSchedulerOptions {
  return {
    maxConsecutiveAttempts: settings.get('spark.stage.maxConsecutiveAttempts'),
    maxAttempts: settings.get('spark.stage.maxAttempts'),
    resubmitDelayMillis: 200,
    losesHost: settings.get('spark.files.fetchFailure.unRegisterOutputOnHost'),
    ignoresDecommissioned: settings.get('spark.stage.ignoreDecommissionFetchFailure'),
    comparesChecksums:
      settings.get('spark.sql.shuffle.orderIndependentChecksum.enabled') &&
      settings.get('spark.sql.shuffle.orderIndependentChecksum.enableFullRetryOnMismatch'),
  };
}
