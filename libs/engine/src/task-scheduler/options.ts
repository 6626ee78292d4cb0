import type { EngineSettings } from '@kiln/contracts/plugin';
import type { LevelWaits } from './locality.ts';

/** What the task scheduler takes from the settings. */
export interface TaskSchedulerOptions {
  readonly maxFailures: number;
  readonly waits: LevelWaits;
}

export function taskSchedulerOptions(settings: EngineSettings): TaskSchedulerOptions {
  return {
    maxFailures: settings.get('spark.task.maxFailures'),
    waits: [settings.get('spark.locality.wait.process'), settings.get('spark.locality.wait.node'), 0, 0],
  };
}
