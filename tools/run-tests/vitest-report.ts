import { relative } from 'node:path';
import { add, type Counts, NONE, oneFailure } from './counts.ts';

interface Assertion {
  readonly status: string;
  readonly fullName: string;
}

interface Suite {
  readonly name: string;
  readonly status: string;
  readonly message?: string;
  readonly assertionResults: readonly Assertion[];
}

/** Counts what vitest's JSON reporter wrote; `code` is vitest's exit code. */
export function countVitest(report: unknown, code: number | null, root: string): Counts {
  const suites = (report as { testResults?: readonly Suite[] } | undefined)?.testResults;
  if (!suites) return oneFailure(`vitest ended with exit code ${code} and left no report`);
  let total = NONE;
  for (const suite of suites) total = add(total, countSuite(suite, relative(root, suite.name)));
  // For example an unhandled rejection: every test passed and the run did not.
  if (code !== 0 && total.failed === 0)
    return add(total, oneFailure(`vitest ended with exit code ${code} though no test failed (see above)`));
  return total;
}

function countSuite(suite: Suite, file: string): Counts {
  let [passed, failed, skipped] = [0, 0, 0];
  const reasons: string[] = [];
  for (const { status, fullName } of suite.assertionResults) {
    if (status === 'passed') passed++;
    else if (status === 'failed') {
      failed++;
      reasons.push(`${file}: ${fullName}`);
    } else skipped++;
  }
  // The file did not load, or a hook around the tests failed.
  if (suite.status === 'failed' && failed === 0) {
    failed++;
    reasons.push(`${file}: ${(suite.message ?? '').split('\n')[0] || 'the file failed outside its tests'}`);
  }
  return { passed, failed, skipped, reasons };
}
