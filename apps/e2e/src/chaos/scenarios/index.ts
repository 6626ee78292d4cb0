import type { Scenario } from '../scenario.ts';
import { clusterScenarios } from './cluster.ts';
import { connectionScenarios } from './connections.ts';
import { executorScenarios } from './executors.ts';
import { shuffleFileScenarios } from './shuffle-files.ts';
import { taskScenarios } from './tasks.ts';

export const scenarios: readonly Scenario[] = [
  ...executorScenarios,
  ...shuffleFileScenarios,
  ...connectionScenarios,
  ...taskScenarios,
  ...clusterScenarios,
];
