import { jobId, Settings, stageId, taskId } from '@kiln/base';
import type { SpeculationView, TaskSetView } from '@kiln/contracts/task-scheduler';
import { expect, test } from 'vitest';
import { DefaultSpeculationPolicy } from './default-speculation-policy.ts';
import { FifoSchedulingPolicy } from './fifo-scheduling-policy.ts';
import type { TaskSetState } from './state.ts';
import { TaskSetQueue } from './task-set-queue.ts';

function view(job: number, stage: number, stageAttempt = 0): TaskSetView {
  const ids = { jobId: jobId(job), stageId: stageId(stage), stageAttempt };
  return { ...ids, pool: 'default', priority: 0, pending: 1, running: 0, poolRunning: 0, submittedAt: 0 };
}

test('FIFO: by job, stage and attempt, whatever the order of submission', () => {
  const order = new FifoSchedulingPolicy().order([view(1, 0), view(0, 7), view(0, 5, 1), view(0, 5)]);
  expect(order.map(({ jobId: job, stageId: stage, stageAttempt }) => `${job}/${stage}.${stageAttempt}`)).toEqual([
    '0/5.0',
    '0/5.1',
    '0/7.0',
    '1/0.0',
  ]);
});

function policy(conf: Record<string, string> = {}): DefaultSpeculationPolicy {
  return new DefaultSpeculationPolicy(Settings.from({ 'spark.speculation': 'true', ...conf }).settings);
}

function running(finishedMillis: readonly number[], total: number, startedAt: number, copies = 1): SpeculationView {
  return {
    total,
    slotsPerExecutor: 4,
    finishedMillis,
    running: [{ taskId: taskId(9), startedAt, copies, endsAt: null }],
  };
}

const nine = [100, 100, 100, 100, 200, 300, 300, 300, 300];

test.each([
  ['off', policy({ 'spark.speculation': 'false' }).intervalMillis, null],
  ['on', policy({ 'spark.speculation.interval': '250' }).intervalMillis, 250],
  ['too little is done', policy().speculatable(running(nine.slice(1), 10, 0), 5000), []],
  ['not 3 medians yet', policy().speculatable(running(nine, 10, 0), 600), []],
  ['more than 3 medians', policy().speculatable(running(nine, 10, 0), 601), [9]],
  ['copied already', policy().speculatable(running(nine, 10, 0, 2), 5000), []],
  ['the median of an even number', policy().speculatable(running([100, 300, 100, 300], 4, 0), 601), [9]],
  ['never below the least time', policy().speculatable(running([1, 1, 1, 1, 1, 1, 1, 1, 1], 10, 0), 100), []],
  ['a single task', policy().speculatable(running([], 1, 0), 1e6), []],
  [
    'a small stage with a threshold',
    policy({ 'spark.speculation.task.duration.threshold': '1s' }).speculatable(running([], 4, 0), 1001),
    [9],
  ],
  [
    'not a large one',
    policy({ 'spark.speculation.task.duration.threshold': '1s' }).speculatable(running([], 5, 0), 1001),
    [],
  ],
])('speculation: %s', (_, actual, expected) => {
  expect(actual).toEqual(expected);
});

function member(job: number): TaskSetState {
  return { wantsSlots: true, view: view(job, 0) } as TaskSetState;
}

test.each([
  [true, 1],
  [undefined, 3],
])('a policy whose order is stable (%s) is asked again only for other sets', (stable, expected) => {
  let asked = 0;
  const order = (sets: readonly TaskSetView[]) => {
    asked++;
    return sets;
  };
  const queue = new TaskSetQueue({ name: 'test', order, ...(stable === undefined ? {} : { stable }) });
  queue.update(member(0));
  queue.ordered();
  expect(asked).toBe(0);
  queue.update(member(1));
  for (let round = 0; round < 3; round++) queue.ordered();
  expect(asked).toBe(expected);
});

test('a set that a policy forgets is served last', () => {
  const queue = new TaskSetQueue({ name: 'test', order: (sets) => sets.slice(1) });
  const [first, second] = [member(0), member(1)];
  queue.update(first);
  queue.update(second);
  expect(queue.ordered()).toEqual([second, first]);
});
