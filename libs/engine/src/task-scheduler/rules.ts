import type { EngineSettings } from '@kiln/contracts/plugin';
import { Exclusions } from './exclusions.ts';
import type { ExecutorPool } from './executor-pool.ts';
import { type TaskSchedulerOptions, taskSchedulerOptions } from './options.ts';
import { StuckSets } from './stuck-sets.ts';

/** What of the scheduler depends on the settings. */
export interface Rules {
  readonly options: TaskSchedulerOptions;
  readonly exclusions: Exclusions;
  readonly stuck: StuckSets;
}

export function makeRules(settings: EngineSettings, executors: ExecutorPool): Rules {
  const options = taskSchedulerOptions(settings);
  const exclusions = new Exclusions(options.exclusion);
  return { options, exclusions, stuck: new StuckSets(executors, exclusions, options) };
}
