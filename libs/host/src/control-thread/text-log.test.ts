import { expect, test } from 'vitest';
import { textLine } from './text-log.ts';

test.each([
  [
    { level: 40, time: 1, executor: '2', reason: 'it ended with signal SIGKILL', msg: 'an executor was lost' },
    'warning: an executor was lost: it ended with signal SIGKILL (executor 2)\n',
  ],
  [
    {
      level: 50,
      time: 1,
      stage: 3,
      error: { message: 'no space', stack: 'Error: no space\n at x' },
      msg: 'a listener failed',
    },
    'error: a listener failed: no space (stage 3)\n',
  ],
  [
    { level: 30, msg: 'Executor 2 was declared lost: silent', executor: '2', reason: 'silent' },
    'info: Executor 2 was declared lost: silent\n',
  ],
  [
    { level: 40, msg: 'tasks that were told to stop go on', job: null },
    'warning: tasks that were told to stop go on\n',
  ],
])('%j', (fields, line) => {
  expect(textLine(JSON.stringify(fields))).toBe(line);
});

test('what is no JSON stays', () => {
  expect(textLine('plain\n')).toBe('plain\n');
});
