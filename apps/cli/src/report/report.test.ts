import { errorToData, KilnError } from '@kiln/base';
import { expect, test } from 'vitest';
import { reportOf, reportText } from './report.ts';
import { bytesText, countText, durationText } from './units.ts';

test('an error is told with its causes, without repeating them', () => {
  const disk = Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
  const task = new KilnError('KILN_TASK_FAILED', 'Task 3 failed: ENOSPC: no space left', { cause: disk });
  const job = new KilnError('KILN_JOB_FAILED', 'The job failed', {
    cause: task,
    concerns: { job: '1', stage: '4' },
    hint: 'Free some space',
  });
  expect(reportText(reportOf(errorToData(job), null), false)).toBe(`KILN_JOB_FAILED: The job failed
  at (job 1, stage 4)
  Free some space
  because: KILN_TASK_FAILED: Task 3 failed: ENOSPC: no space left
`);
  expect(reportText(reportOf(errorToData(job), null), true)).toContain('\n    at ');
});

test('of a failed job the reason leads', () => {
  const message = 'Division by zero.';
  const concerns = { job: '0', stage: '1', partition: '0', attempt: '0', executor: 'driver' };
  const cause = new KilnError('DIVIDE_BY_ZERO', message);
  const job = new KilnError(
    'DIVIDE_BY_ZERO',
    `Job 0 (collect) failed: partition 0 of stage 1 (Project) failed: DIVIDE_BY_ZERO: ${message}`,
    { cause, concerns },
  );
  expect(reportText(reportOf(errorToData(job), null), false)).toBe(`DIVIDE_BY_ZERO: Division by zero.
  Job 0 (collect) failed: partition 0 of stage 1 (Project) failed
  at (executor driver)
`);
});

test('nothing is said twice', () => {
  const cause = Object.assign(new Error("ENOENT: no such file, stat '/data/x'"), { code: 'ENOENT' });
  const error = new KilnError('KILN_SOURCE_NOT_FOUND', 'Path does not exist: /data/x', {
    cause,
    concerns: { path: '/data/x' },
  });
  expect(
    reportText(reportOf(errorToData(error), null), false),
  ).toBe(`KILN_SOURCE_NOT_FOUND: Path does not exist: /data/x
  because: ENOENT: no such file, stat '/data/x'
`);
});

test("an error of the user's code says where it was thrown", () => {
  const cause = new Error('division of labour');
  cause.stack = 'Error: division of labour\n    at broken (file:///jobs/my%20steps.ts:3:9)\n    at node:internal';
  const data = errorToData(new KilnError('KILN_JOB_MODULE', 'It failed.', { cause }));
  expect(reportOf(data, null).causes).toEqual(['division of labour (/jobs/my steps.ts:3:9)']);
});

test('units', () => {
  expect([0, 1023, 1024, 1536, 200 * 1024, 5e9].map(bytesText)).toEqual([
    '0 B',
    '1023 B',
    '1.0 KiB',
    '1.5 KiB',
    '200 KiB',
    '4.7 GiB',
  ]);
  expect([40, 9990, 59_000, 200_000].map(durationText)).toEqual(['0.0 s', '10.0 s', '59 s', '3 min 20 s']);
  expect([countText(1, 'row'), countText(1234, 'row')]).toEqual(['1 row', '1,234 rows']);
});
