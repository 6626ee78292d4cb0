import type { EngineSettings } from '@kiln/contracts/plugin';
import type { WorkerConfig } from './worker.ts';

/** How long an executor that is told to end may take. */
const executorGraceMillis = 5_000;

/** What the settings say of a worker. */
export function workerSettings(
  settings: EngineSettings,
): Pick<WorkerConfig, 'cleanup' | 'executorGraceMillis' | 'driverGraceMillis'> {
  return {
    executorGraceMillis,
    driverGraceMillis: settings.get('spark.worker.driverTerminateTimeout'),
    cleanup: settings.get('spark.worker.cleanup.enabled')
      ? {
          intervalMillis: settings.get('spark.worker.cleanup.interval') * 1000,
          maxAgeMillis: settings.get('spark.worker.cleanup.appDataTtl') * 1000,
        }
      : null,
  };
}
