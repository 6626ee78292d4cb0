import type { LoggedEvent, LogStarted } from '../format.ts';
import { metrics } from '../metrics-format.ts';

const stage = { stageId: 3, jobId: 0, name: 'Aggregate < Scan', parents: [], kind: 'shuffle-map' } as const;

const task = (partition: number, attempt: number) =>
  ({
    taskId: partition * 10 + attempt,
    jobId: 0,
    stageId: 3,
    stageAttempt: 0,
    partition,
    attempt,
    executorId: '1',
    locality: 'any',
    speculative: false,
  }) as const;

const started = (partition: number, attempt = 0): LoggedEvent => {
  return { type: 'task-started', time: 2_000, task: task(partition, attempt) };
};

const ended = (partition: number, attempt: number, outcome: 'succeeded' | 'failed'): LoggedEvent => ({
  type: 'task-ended',
  time: 2_100 + 100 * partition,
  task: task(partition, attempt),
  outcome,
  error:
    outcome === 'succeeded'
      ? null
      : {
          code: 'IO',
          message: 'no space',
          hint: null,
          concerns: { partition: String(partition) },
          position: null,
          cause: {
            code: 'ENOSPC',
            message: 'disk full',
            hint: null,
            concerns: {},
            position: null,
            cause: null,
            stack: null,
          },
          stack: null,
        },
  metrics: { ...metrics.parse({}), executorRunNanos: 60e6, deserializeNanos: 10e6, inputRows: partition + 1 },
});

/** One job of one stage of three tasks; the second task failed once. */
export const smallLog: readonly (LogStarted | LoggedEvent)[] = [
  {
    type: 'log-started',
    time: 1_000,
    format: 'kiln.event-log',
    version: 1,
    kilnVersion: '0.1.0',
    nodeVersion: '24.0.0',
    settings: { 'spark.app.name': 'test' },
  },
  { type: 'engine-started', time: 1_000, appId: 'app-1', name: 'test', master: 'local[2]' },
  { type: 'executor-added', time: 1_100, executorId: '1', host: 'here', slots: 2 },
  { type: 'job-started', time: 1_900, jobId: 0, description: 'count', stages: [stage] },
  { type: 'stage-skipped', time: 1_950, stage: { ...stage, stageId: 7 } },
  { type: 'stage-submitted', time: 2_000, stage, attempt: 0, tasks: 3, decisions: ['3 ranges'] },
  started(0),
  started(1),
  ended(0, 0, 'succeeded'),
  ended(1, 0, 'failed'),
  started(1, 1),
  started(2),
  ended(1, 1, 'succeeded'),
  ended(2, 0, 'succeeded'),
  { type: 'stage-completed', time: 2_500, stage, attempt: 0, outcome: 'succeeded', reason: null },
  { type: 'block-updated', time: 2_600, executorId: '1', block: 'shuffle_0_0', bytes: 10, stored: 'disk' },
  { type: 'job-ended', time: 2_700, jobId: 0, outcome: 'succeeded', error: null },
  { type: 'executor-removed', time: 2_900, executorId: '1', reason: 'lost' },
  { type: 'engine-stopped', time: 3_000 },
];
