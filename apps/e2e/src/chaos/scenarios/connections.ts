import type { Scenario } from '../scenario.ts';

const cluster = { kind: 'local-cluster', executors: 1, cores: 2 } as const;

/** The way between driver and executors. */
export const connectionScenarios: readonly Scenario[] = [
  {
    name: 'driver-connection-cut',
    cluster,
    job: { name: 'slow-groups', options: { splits: 10 } },
    faults: [1, 3, 5, 7, 9].map((nth) => ({ when: { event: 'task-ended', nth }, what: { way: 'cut' } })),
    claims: {
      result: 'same',
      lost: 0,
      mapsAgain: 0,
      check: (log) => {
        const tasks = log.of('task-started').length;
        if (tasks !== 10 + 6) throw new Error(`${tasks} tasks instead of 16: a status was lost or came twice`);
      },
    },
    fixed: true,
  },
  {
    name: 'driver-connection-silent',
    cluster,
    conf: {
      'spark.network.timeout': '3s',
      'spark.executor.heartbeatInterval': '200ms',
      'kiln.executor.reconnectTimeout': '3s',
    },
    job: { name: 'slow-groups', options: { splits: 10 } },
    faults: [
      { when: { event: 'task-ended', nth: 3 }, what: { way: 'hold' } },
      { when: { event: 'executor-removed' }, what: { way: 'release' } },
    ],
    claims: { result: 'same', lost: 1, mapsAgain: 'of the lost' },
    fixed: false,
  },
];
