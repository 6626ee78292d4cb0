import { describe, expect, test } from 'vitest';
import { JobSource } from './job-source.ts';
import { excerpt } from './problems.ts';

const source = new JobSource(
  'job.yaml',
  `steps:
  quoted: { sql: "select a, b from t" }
  plain:
    sql: select a, b from t
  block:
    sql: |
      select a,
        b
      from t
  folded:
    sql: >
      select a,
      b from t
`,
);
const where = (step: string, line: number, column: number) => {
  const sql = source.document.getIn(['steps', step, 'sql']) as string;
  return source.within(['steps', step, 'sql'], { line, column }, sql);
};

describe('places in SQL are places in the file', () => {
  test.each([
    ['quoted', 1, 11, { line: 2, column: 29 }],
    ['plain', 1, 11, { line: 4, column: 20 }],
    ['block', 2, 3, { line: 8, column: 9 }],
    ['block', 3, 6, { line: 9, column: 12 }],
    ['folded', 1, 11, { line: 11, column: 10 }],
  ] as const)('%s %i:%i', (step, line, column, expected) => expect(where(step, line, column)).toEqual(expected));

  test('and a caret shows them', () => {
    expect(excerpt(source, where('block', 2, 3))).toBe('  8 |         b\n    |         ^');
  });
});
