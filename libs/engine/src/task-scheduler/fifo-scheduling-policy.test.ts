import { jobId, stageId } from '@kiln/base';
import type { TaskSetView } from '@kiln/contracts/task-scheduler';
import { expect, it } from 'vitest';
import { FifoSchedulingPolicy } from './fifo-scheduling-policy.ts';

const set = (job: number, stage: number): TaskSetView => ({
  jobId: jobId(job),
  stageId: stageId(stage),
  stageAttempt: 0,
  pool: 'default',
  priority: 0,
  pending: 1,
  running: 0,
  poolRunning: 0,
  submittedAt: 0,
});

it('serves the older job first, within it the lower stage', () => {
  const ordered = new FifoSchedulingPolicy().order([set(2, 1), set(1, 9), set(1, 3)]);
  expect(ordered.map(({ jobId: job, stageId: stage }) => [job, stage])).toEqual([
    [1, 3],
    [1, 9],
    [2, 1],
  ]);
});
