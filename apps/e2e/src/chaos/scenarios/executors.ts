import type { Scenario } from '../scenario.ts';

/** One executor: the one that takes over has nothing of what the dead one had. */
const one = { kind: 'local-cluster', executors: 1, cores: 2 } as const;
const two = { kind: 'local-cluster', executors: 2, cores: 1 } as const;
/** A process that says nothing for so long is lost. */
const soonLost = { 'spark.network.timeout': '3s', 'spark.executor.heartbeatInterval': '200ms' };

export const executorScenarios: readonly Scenario[] = [
  {
    name: 'executor-killed-during-map',
    cluster: one,
    job: { name: 'slow-groups', options: { splits: 10 } },
    faults: [
      { when: { event: 'task-ended', stage: 'shuffle-map', nth: 4 }, what: { signal: 'SIGKILL', to: 'executor 0' } },
    ],
    claims: { result: 'same', lost: 1, mapsAgain: 'of the lost' },
    fixed: true,
  },
  {
    name: 'executor-killed-during-reduce',
    cluster: one,
    job: { name: 'order-groups' },
    faults: [{ when: { event: 'task-started', stage: 'result' }, what: { signal: 'SIGKILL', to: 'executor 0' } }],
    claims: { result: 'same', lost: 1, mapsAgain: 'of the lost' },
    fixed: true,
  },
  {
    name: 'executor-killed-after-map',
    cluster: two,
    job: { name: 'order-groups-twice' },
    faults: [{ when: { event: 'job-ended' }, what: { signal: 'SIGKILL', to: 'executor 0' } }],
    claims: { result: 'same', lost: 1, mapsAgain: 'of the lost' },
    needs: ['remote-shuffle'],
    fixed: true,
  },
  {
    name: 'all-executors-killed',
    cluster: two,
    job: { name: 'slow-write', options: { splits: 8 } },
    faults: [{ when: { event: 'task-ended', nth: 2 }, what: { signal: 'SIGKILL', to: 'all executors' } }],
    claims: { result: 'same', lost: 2 },
    fixed: true,
  },
  {
    name: 'executor-paused-and-resumed-after-its-loss',
    cluster: two,
    conf: soonLost,
    job: { name: 'slow-write', options: { splits: 8 } },
    faults: [
      { when: { event: 'task-ended', nth: 2 }, what: { signal: 'SIGSTOP', to: 'executor 0' } },
      { when: { event: 'executor-removed' }, what: { signal: 'SIGCONT', to: 'executor 0' } },
    ],
    claims: {
      result: 'same',
      lost: 1,
      check: ({ events }) => {
        const lostAt = events.findIndex((event) => event.type === 'executor-removed');
        const late = events.slice(lostAt).filter((event) => {
          return event.type === 'task-ended' && event.task.executorId === '0' && event.outcome === 'succeeded';
        });
        if (late.length > 0) throw new Error('a task of the lost executor counted after its loss');
      },
    },
    fixed: true,
  },
  {
    name: 'executor-stopped-for-ever',
    cluster: two,
    conf: soonLost,
    job: { name: 'slow-write', options: { splits: 8 } },
    faults: [{ when: { event: 'task-ended', nth: 2 }, what: { signal: 'SIGSTOP', to: 'executor 0' } }],
    claims: { result: 'same', lost: 1 },
    fixed: false,
  },
  {
    name: 'slow-executor',
    // As in Spark, a copy of a task runs on another host.
    cluster: { ...two, hosts: true },
    conf: {
      'spark.speculation': 'true',
      'spark.speculation.interval': '100ms',
      'spark.speculation.quantile': '0.5',
      'spark.speculation.minTaskRuntime': '100ms',
    },
    job: { name: 'slow-write', options: { splits: 8 } },
    faults: [
      { when: { event: 'task-ended', nth: 2 }, what: { signal: 'SIGSTOP', to: 'executor 0' } },
      { when: { event: 'job-ended' }, what: { signal: 'SIGCONT', to: 'executor 0' } },
    ],
    claims: {
      result: 'same',
      lost: 0,
      check: (log) => {
        const won = log.of('task-ended').filter(({ task, outcome }) => task.speculative && outcome === 'succeeded');
        if (won.length === 0) throw new Error('no speculative attempt won');
      },
    },
    fixed: true,
  },
  {
    name: 'driver-killed',
    cluster: two,
    conf: { 'kiln.executor.reconnectTimeout': '1s' },
    driver: 'process',
    job: { name: 'slow-groups', options: { splits: 50 } },
    faults: [{ when: { event: 'task-ended', nth: 2 }, what: { signal: 'SIGKILL', to: 'driver' } }],
    claims: { result: 'gone' },
    fixed: true,
  },
];
