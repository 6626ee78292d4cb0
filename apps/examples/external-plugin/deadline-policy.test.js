import { describeSchedulingPolicy } from '@kiln/testing/conformance';
import { expect, test } from 'vitest';
import { DeadlinePolicy } from './deadline-policy.js';

describeSchedulingPolicy('deadline', () => new DeadlinePolicy({ deadlines: { production: 5 }, otherwise: 60 }));

test('the nearest deadline goes first, then the older job', () => {
  const policy = new DeadlinePolicy({ deadlines: { urgent: 1, nightly: 600 } });
  const set = (jobId, pool, submittedAt) => ({
    jobId,
    stageId: jobId,
    stageAttempt: 0,
    pool,
    priority: 0,
    pending: 1,
    running: 0,
    submittedAt,
  });
  const sets = [
    set(0, 'nightly', 0),
    set(1, 'default', 0),
    set(2, 'nightly', 0),
    set(3, 'urgent', 500_000),
    set(4, 'urgent', 700_000),
  ];
  expect(policy.order(sets).map(({ jobId }) => jobId)).toEqual([3, 0, 2, 4, 1]);
});
