import { expect, test } from 'vitest';
import { describeCounts } from './counts.ts';
import { countVitest } from './vitest-report.ts';

const suite = (status: string, statuses: string[], message = '') => ({
  name: '/repo/a.test.ts',
  status,
  message,
  assertionResults: statuses.map((each, index) => ({ status: each, fullName: `test ${index}` })),
});

test('counts by status and names failures by file', () => {
  const counts = countVitest({ testResults: [suite('failed', ['passed', 'failed', 'skipped', 'todo'])] }, 1, '/repo');
  expect(counts).toEqual({ passed: 1, failed: 1, skipped: 2, reasons: ['a.test.ts: test 1'] });
  expect(describeCounts(counts)).toBe('1 passed, 1 failed, 2 skipped');
});

test('a file that does not load counts as one failure', () => {
  const counts = countVitest(
    { testResults: [suite('failed', [], 'Cannot find module x\nat y'), suite('passed', ['passed'])] },
    1,
    '/repo',
  );
  expect(counts).toMatchObject({ passed: 1, failed: 1, reasons: ['a.test.ts: Cannot find module x'] });
});

test('no report, or a bad exit code without a failed test, is a failure', () => {
  expect(countVitest(undefined, 137, '/repo').failed).toBe(1);
  expect(countVitest({ testResults: [suite('passed', ['passed'])] }, 1, '/repo')).toMatchObject({
    passed: 1,
    failed: 1,
  });
});
