import type { Scenario } from '../scenario.ts';

const one = { kind: 'standalone', workers: 1, cores: 1 } as const;
const job = { name: 'slow-groups', options: { splits: 10 } } as const;

/** Parts of a standalone cluster. */
export const clusterScenarios: readonly Scenario[] = [
  {
    name: 'master-killed-and-restarted',
    cluster: one,
    job,
    faults: [
      { when: { event: 'task-ended', nth: 2 }, what: { signal: 'SIGKILL', to: 'master' } },
      { when: { event: 'task-ended', nth: 4 }, what: { start: 'master' } },
    ],
    claims: { result: 'same', lost: 0, mapsAgain: 0 },
    fixed: true,
  },
  {
    name: 'master-killed-for-good',
    cluster: one,
    job,
    faults: [{ when: { event: 'task-ended', nth: 2 }, what: { signal: 'SIGKILL', to: 'master' } }],
    claims: { result: 'same', lost: 0, mapsAgain: 0 },
    fixed: false,
  },
  {
    name: 'worker-killed',
    cluster: one,
    job,
    faults: [
      { when: { event: 'task-ended', nth: 4 }, what: { signal: 'SIGKILL', to: 'worker 0' } },
      { when: { event: 'task-ended', nth: 4 }, what: { start: 'worker' } },
    ],
    claims: { result: 'same', lost: 1, mapsAgain: 'of the lost' },
    fixed: true,
  },
  {
    name: 'executor-killed-on-a-worker',
    cluster: one,
    job,
    faults: [{ when: { event: 'task-ended', nth: 4 }, what: { signal: 'SIGKILL', to: 'executor 0' } }],
    claims: { result: 'same', lost: 1, mapsAgain: 'of the lost' },
    fixed: true,
  },
  {
    name: 'driver-of-a-cluster-killed',
    cluster: one,
    conf: { 'kiln.executor.reconnectTimeout': '1s' },
    driver: 'process',
    job: { name: 'slow-groups', options: { splits: 50 } },
    faults: [{ when: { event: 'task-ended', nth: 2 }, what: { signal: 'SIGKILL', to: 'driver' } }],
    claims: { result: 'gone' },
    fixed: false,
  },
  {
    name: 'master-and-worker-killed-and-restarted',
    cluster: one,
    job,
    faults: [
      { when: { event: 'task-ended', nth: 4 }, what: { signal: 'SIGKILL', to: 'worker 0' } },
      { when: { event: 'task-ended', nth: 4 }, what: { signal: 'SIGKILL', to: 'master' } },
      { when: { event: 'executor-removed' }, what: { start: 'master' } },
      { when: { event: 'executor-removed' }, what: { start: 'worker' } },
    ],
    claims: { result: 'same', lost: 1, mapsAgain: 'of the lost' },
    fixed: false,
  },
];
