import type { Scenario } from '../scenario.ts';

const cluster = { kind: 'local-cluster', executors: 2, cores: 1 } as const;

/** The lineage of RDDs recovers as that of queries does. */
export const rddScenarios: readonly Scenario[] = [
  {
    name: 'rdd-executor-killed-during-map',
    cluster,
    job: { name: 'word-count' },
    faults: [
      { when: { event: 'task-ended', stage: 'shuffle-map', nth: 4 }, what: { signal: 'SIGKILL', to: 'executor 0' } },
    ],
    claims: { result: 'same', lost: 1, mapsAgain: 'of the lost' },
    fixed: true,
  },
  {
    name: 'rdd-executor-killed-during-reduce',
    cluster,
    job: { name: 'rdd-join' },
    faults: [{ when: { event: 'task-started', stage: 'result' }, what: { signal: 'SIGKILL', to: 'executor 0' } }],
    claims: { result: 'same', lost: 1, mapsAgain: 'of the lost' },
    fixed: true,
  },
];
