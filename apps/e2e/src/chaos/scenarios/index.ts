import type { Scenario } from '../scenario.ts';
import { clusterScenarios } from './cluster.ts';
import { connectionScenarios } from './connections.ts';
import { diskScenarios } from './disks.ts';
import { executorScenarios } from './executors.ts';
import { rddScenarios } from './rdds.ts';
import { shuffleFileScenarios } from './shuffle-files.ts';
import { taskScenarios } from './tasks.ts';

export const scenarios: readonly Scenario[] = [
  ...executorScenarios,
  ...shuffleFileScenarios,
  ...diskScenarios,
  ...connectionScenarios,
  ...taskScenarios,
  ...rddScenarios,
  ...clusterScenarios,
];
