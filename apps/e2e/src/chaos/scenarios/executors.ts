import type { RunLog } from '../run-log.ts';
import type { Scenario } from '../scenario.ts';

const two = { kind: 'local-cluster', executors: 2, cores: 1 } as const;
/** A process that says nothing for so long is lost. */
const soonLost = { 'spark.network.timeout': '3s', 'spark.executor.heartbeatInterval': '200ms' };

const speculation = {
  'spark.speculation': 'true',
  'spark.speculation.interval': '100ms',
  'spark.speculation.quantile': '0.5',
  'spark.speculation.minTaskRuntime': '100ms',
};
/** No number of losses fails the job. */
const patient = {
  'spark.task.maxFailures': '50',
  'spark.stage.maxConsecutiveAttempts': '50',
  'spark.deploy.maxExecutorRetries': '-1',
};

export const executorScenarios: readonly Scenario[] = [
  {
    name: 'executor-killed-during-map',
    cluster: two,
    job: { name: 'slow-groups', options: { splits: 10 } },
    faults: [
      { when: { event: 'task-ended', stage: 'shuffle-map', nth: 4 }, what: { signal: 'SIGKILL', to: 'executor 0' } },
    ],
    claims: { result: 'same', lost: 1, mapsAgain: 'of the lost' },
    fixed: true,
  },
  {
    name: 'executor-killed-during-reduce',
    cluster: two,
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
    fixed: true,
  },
  {
    name: 'all-executors-killed',
    cluster: two,
    job: { name: 'slow-groups', options: { splits: 10 } },
    faults: [{ when: { event: 'task-ended', nth: 4 }, what: { signal: 'SIGKILL', to: 'all executors' } }],
    claims: { result: 'same', lost: 2, mapsAgain: 'of the lost' },
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
    conf: speculation,
    job: { name: 'slow-write', options: { splits: 8 } },
    faults: [
      { when: { event: 'task-ended', nth: 2 }, what: { signal: 'SIGSTOP', to: 'executor 0' } },
      { when: { event: 'job-ended' }, what: { signal: 'SIGCONT', to: 'executor 0' } },
    ],
    claims: {
      result: 'same',
      lost: 0,
      check: aCopyWon,
    },
    fixed: true,
  },
  {
    name: 'two-copies-of-a-task-commit',
    cluster: { ...two, hosts: true },
    conf: speculation,
    // Slow enough that both are at work when one of them is done.
    job: { name: 'slow-write', options: { splits: 6, chunks: 10 } },
    faults: [
      { when: { event: 'task-ended', nth: 2 }, what: { signal: 'SIGSTOP', to: 'executor 0' } },
      { when: { event: 'task-started', speculative: true }, what: { signal: 'SIGCONT', to: 'executor 0' } },
    ],
    claims: { result: 'same', lost: 0, check: aCopyStarted },
    fixed: true,
  },
  {
    name: 'executors-come-and-go-through-tpch',
    cluster: { kind: 'local-cluster', executors: 3, cores: 1 },
    conf: patient,
    job: { name: 'tpch-all' },
    faults: [
      { when: { event: 'task-started', nth: 20, every: 60 }, what: { signal: 'SIGKILL', to: 'executor of the event' } },
    ],
    claims: { result: 'same' },
    fixed: false,
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

function aCopyStarted(log: RunLog): void {
  if (!log.of('task-started').some(({ task }) => task.speculative)) throw new Error('no task got a copy');
}

function aCopyWon(log: RunLog): void {
  const won = log.of('task-ended').filter(({ task, outcome }) => task.speculative && outcome === 'succeeded');
  if (won.length === 0) throw new Error('no copy of a task won');
}
