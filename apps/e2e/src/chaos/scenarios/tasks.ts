import type { Scenario } from '../scenario.ts';

const cluster = { kind: 'local-cluster', executors: 1, cores: 2 } as const;
const fewTries = { 'spark.task.maxFailures': '3' };

/** Tasks that do not do what they should. */
export const taskScenarios: readonly Scenario[] = [
  {
    name: 'task-fails-once',
    cluster,
    job: { name: 'faulty-groups', options: { fault: 'throw' } },
    faults: [],
    claims: { result: 'same', lost: 0, check: ({ taskErrors }) => expectErrors(taskErrors, 1) },
    fixed: true,
  },
  {
    name: 'task-always-fails',
    cluster,
    conf: fewTries,
    job: { name: 'faulty-groups', options: { fault: 'throw', times: 100 } },
    faults: [],
    claims: {
      result: { fails: 'EXECUTION_ERROR', message: /partition 1 of stage 0 .* failed 3 times/s },
      lost: 0,
      check: ({ taskErrors }) => expectErrors(taskErrors, 3),
    },
    fixed: true,
  },
  {
    name: 'task-gives-garbage-to-native-code',
    cluster,
    job: { name: 'faulty-groups', options: { fault: 'garbage' } },
    faults: [],
    claims: { result: 'same', lost: 0, check: ({ taskErrors }) => expectErrors(taskErrors, 1) },
    fixed: true,
  },
  {
    name: 'task-kills-its-process',
    cluster,
    job: { name: 'faulty-groups', options: { fault: 'exit', splits: 6 } },
    faults: [],
    claims: { result: 'same', lost: 1 },
    fixed: true,
  },
  {
    name: 'task-always-kills-its-process',
    cluster,
    conf: fewTries,
    job: { name: 'faulty-groups', options: { fault: 'exit', times: 100 } },
    faults: [],
    claims: { result: { fails: 'KILN_TASK_FAILED', message: /SIGKILL/ }, lost: 3 },
    fixed: true,
  },
  {
    name: 'task-never-ends',
    cluster,
    job: { name: 'faulty-groups', options: { fault: 'wait' } },
    faults: [{ when: { event: 'task-started', nth: 4 }, what: { cancel: 'the job' } }],
    claims: { result: { fails: 'KILN_JOB_CANCELLED' }, lost: 0 },
    fixed: true,
  },
  {
    name: 'task-never-lets-go-of-its-thread',
    cluster,
    conf: { 'spark.network.timeout': '3s', 'spark.executor.heartbeatInterval': '200ms' },
    job: { name: 'faulty-groups', options: { fault: 'spin' } },
    faults: [],
    claims: { result: 'same', lost: 1 },
    fixed: false,
  },
];

function expectErrors(codes: readonly string[], count: number): void {
  if (codes.length !== count) throw new Error(`${count} tasks should fail: ${codes.join(', ')}`);
}
