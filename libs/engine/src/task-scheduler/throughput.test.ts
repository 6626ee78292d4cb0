import { executorId, jobId, stageId, type TaskId } from '@kiln/base';
import type { TaskRequest, TaskSchedulerEvent } from '@kiln/contracts/task-scheduler';
import { beforeAll, describe, expect, test } from 'vitest';
import { makeTaskScheduler } from './test-support/task-trace.ts';

interface Load {
  readonly executors: number;
  readonly slots: number;
  readonly tasks: number;
  readonly preferred: boolean;
}

/** Runs one task set to its end, every task succeeding in the order of launch; returns steps per second of processor time. */
function stepsPerSecond({ executors, slots, tasks, preferred }: Load): number {
  const scheduler = makeTaskScheduler();
  const running: TaskId[] = [];
  let steps = 0;
  let done = 0;
  let now = 0;
  const step = (event: TaskSchedulerEvent) => {
    steps++;
    for (const action of scheduler.step(event, now)) {
      if (action.type === 'launch') running.push(action.launch.taskId);
      if (action.type === 'partition-done') done++;
      if (action.type === 'wake') now = Math.max(now, action.at);
    }
  };
  const requests = Array.from({ length: tasks }, (_, partition): TaskRequest => {
    const preferredExecutors = preferred ? [executorId(`e${(partition * 7) % executors}`)] : [];
    return { partition, preferredExecutors, preferredHosts: [] };
  });
  // Processor time: other processes may keep this one waiting.
  const before = process.cpuUsage();
  for (let index = 0; index < executors; index++) {
    step({ type: 'executor-added', executorId: executorId(`e${index}`), host: `h${index >> 2}`, rack: null, slots });
  }
  const ids = { jobId: jobId(0), stageId: stageId(0), stageAttempt: 0 };
  step({ type: 'task-set-submitted', taskSet: { ...ids, tasks: requests, pool: 'default', priority: 0 } });
  for (let next = 0; done < tasks; ) {
    const taskId = running[next++];
    step(taskId === undefined ? { type: 'tick' } : { type: 'task-succeeded', taskId });
  }
  const used = process.cpuUsage(before);
  return steps / ((used.user + used.system) / 1e6);
}

// Ten times slower than what a two-core machine does (300,000 to 800,000 steps a second), and still far beyond any step that costs
// time by the number of tasks or executors.
describe('steps do not get slower with the number of tasks and executors', () => {
  beforeAll(() => void stepsPerSecond({ executors: 10, slots: 4, tasks: 5000, preferred: true }));

  test.each<Load>([
    { executors: 1, slots: 8, tasks: 10_000, preferred: false },
    { executors: 100, slots: 16, tasks: 10_000, preferred: true },
    { executors: 1000, slots: 4, tasks: 100_000, preferred: false },
    { executors: 1000, slots: 4, tasks: 100_000, preferred: true },
  ])('%o', (load) => expect(stepsPerSecond(load)).toBeGreaterThan(30_000));
});
