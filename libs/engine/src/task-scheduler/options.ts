import type { EngineSettings } from '@kiln/contracts/plugin';
import type { LevelWaits } from './locality.ts';

/** What the task scheduler takes from the settings. */
export interface TaskSchedulerOptions {
  readonly maxFailures: number;
  readonly waits: LevelWaits;
  /** Cores that a task takes. */
  readonly cpus: number;
  /** `null`: failures exclude nothing. */
  readonly exclusion: ExclusionOptions | null;
  /** How long a task set waits for an executor that may run it, ms. */
  readonly unschedulableMillis: number;
  /** How long task sets wait when no executor takes tasks, ms. */
  readonly noExecutorMillis: number;
}

/** `spark.excludeOnFailure.*`. */
export interface ExclusionOptions {
  readonly attemptsPerExecutor: number;
  readonly attemptsPerHost: number;
  readonly stageTasksPerExecutor: number;
  readonly stageExecutorsPerHost: number;
  readonly applicationTasksPerExecutor: number;
  readonly applicationExecutorsPerHost: number;
  readonly timeoutMillis: number;
  /** One lost block excludes the executor that should have given it. */
  readonly onFetchFailure: boolean;
}

export function taskSchedulerOptions(settings: EngineSettings): TaskSchedulerOptions {
  return {
    maxFailures: settings.get('spark.task.maxFailures'),
    waits: [
      settings.get('spark.locality.wait.process'),
      settings.get('spark.locality.wait.node'),
      0,
      settings.get('spark.locality.wait.rack'),
      0,
    ],
    cpus: settings.get('spark.task.cpus'),
    exclusion: settings.get('spark.excludeOnFailure.enabled') ? exclusionOptions(settings) : null,
    unschedulableMillis: settings.get('spark.scheduler.excludeOnFailure.unschedulableTaskSetTimeout'),
    noExecutorMillis: settings.get('kiln.executor.noExecutorsGrace'),
  };
}

function exclusionOptions(settings: EngineSettings): ExclusionOptions {
  return {
    attemptsPerExecutor: settings.get('spark.excludeOnFailure.task.maxTaskAttemptsPerExecutor'),
    attemptsPerHost: settings.get('spark.excludeOnFailure.task.maxTaskAttemptsPerNode'),
    stageTasksPerExecutor: settings.get('spark.excludeOnFailure.stage.maxFailedTasksPerExecutor'),
    stageExecutorsPerHost: settings.get('spark.excludeOnFailure.stage.maxFailedExecutorsPerNode'),
    applicationTasksPerExecutor: settings.get('spark.excludeOnFailure.application.maxFailedTasksPerExecutor'),
    applicationExecutorsPerHost: settings.get('spark.excludeOnFailure.application.maxFailedExecutorsPerNode'),
    timeoutMillis: settings.get('spark.excludeOnFailure.timeout'),
    onFetchFailure: settings.get('spark.excludeOnFailure.application.fetchFailure.enabled'),
  };
}
