import { executorId, jobId, stageId, taskId } from '@kiln/base';
import type { EngineEvent, TaskMetrics } from '@kiln/contracts';
import { describe, expect, test, vi } from 'vitest';
import { workText } from '../report/summary.ts';
import { fakeEnvironment } from '../test-support/fake-environment.ts';
import { barLines } from './bars.ts';
import { Progress } from './progress.ts';
import { StageProgress } from './stage-progress.ts';

const stage = {
  stageId: stageId(3),
  jobId: jobId(0),
  name: 'Aggregate < Scan',
  parents: [],
  kind: 'shuffle-map',
} as const;
const metrics = new Proxy(
  { inputBytes: 1024, shuffleWriteBytes: 512, diskBytesSpilled: 2048 } as Partial<TaskMetrics>,
  {
    get: (target, key) => Reflect.get(target, key) ?? 0,
  },
) as TaskMetrics;
const task = (partition: number, attempt = 0) => ({
  taskId: taskId(partition),
  jobId: jobId(0),
  stageId: stage.stageId,
  stageAttempt: 0,
  partition,
  attempt,
  executorId: executorId('driver'),
  locality: 'any' as const,
  speculative: false,
});
const submitted: EngineEvent = { type: 'stage-submitted', time: 1000, stage, attempt: 0, tasks: 4, decisions: [] };
const started = (partition: number): EngineEvent => ({ type: 'task-started', time: 1000, task: task(partition) });
const ended = (partition: number, outcome: 'succeeded' | 'failed' | 'killed' = 'succeeded'): EngineEvent => ({
  type: 'task-ended',
  time: 2000,
  task: task(partition),
  outcome,
  error:
    outcome === 'failed'
      ? { code: 'X', message: 'no space\nleft', hint: null, concerns: {}, position: null, cause: null, stack: null }
      : null,
  metrics,
});
const completed: EngineEvent = {
  type: 'stage-completed',
  time: 3000,
  stage,
  attempt: 0,
  outcome: 'succeeded',
  reason: null,
};
const skipped: EngineEvent = { type: 'stage-skipped', time: 3000, stage };

describe('progress', () => {
  test('counts partitions once, failures and bytes', () => {
    const progress = new StageProgress();
    for (const event of [
      submitted,
      started(0),
      started(1),
      started(2),
      started(3),
      ended(0),
      ended(0, 'killed'),
      ended(1, 'failed'),
    ])
      progress.apply(event);
    expect(barLines(progress.running, 2500, 200)).toEqual([
      'stage 3 [======>                 ] 1/4, 1 running, 1 failed, 1.5 s  Aggregate < Scan',
    ]);
    expect(barLines(progress.running, 2500, 20)).toEqual(['stage 3 [======>  …']);
    for (const event of [ended(1), ended(2), ended(3), ended(3), completed, skipped]) progress.apply(event);
    expect(progress.running).toEqual([]);
    expect(workText(progress.totals)).toBe(
      '1 stage (1 skipped), 4 tasks (1 failed and ran again); read 4.0 KiB, shuffled 2.0 KiB, spilled 14.0 KiB',
    );
  });

  test('is one plain line per stage without a terminal', () => {
    const { environment, written } = fakeEnvironment();
    const progress = new Progress(environment, { lines: true });
    for (const event of [submitted, started(0), ended(0), started(1), ended(1, 'failed'), completed, skipped])
      progress.onEvent(event);
    progress.stop();
    expect(written.stderr).toBe(`stage 3: task 1 failed (attempt 1): no space
stage 3: 4 tasks in 2.0 s, read 1.0 KiB, shuffled 512 B  Aggregate < Scan
stage 3: skipped, its output is there already
`);
    expect(written.stdout).toBe('');
  });

  test('is bars on a terminal, which make way for results', () => {
    vi.useFakeTimers({ now: 2500 });
    const { environment, written } = fakeEnvironment(undefined, true);
    const progress = new Progress(environment, { lines: true });
    for (const event of [submitted, started(0)]) progress.onEvent(event);
    vi.advanceTimersByTime(100);
    expect(written.stderr).toBe('stage 3 [>                       ] 0/4, 1 running, 1.6 s  Aggregate < Scan\n');
    written.stderr = '';
    void progress.print('rows\n');
    expect(written).toEqual({ stdout: 'rows\n', stderr: '\r\x1b[1A\x1b[0J' });
    written.stderr = '';
    progress.stop();
    vi.advanceTimersByTime(1000);
    expect(written.stderr).toBe('');
    vi.useRealTimers();
  });
});

describe('progress with several executors', () => {
  const on = (executor: string, partition: number, stageId = stage.stageId, stageAttempt = 0) => ({
    ...task(partition),
    ...{ taskId: taskId(partition + 100 * stageAttempt), executorId: executorId(executor), stageId, stageAttempt },
  });
  const begun = (...parameters: Parameters<typeof on>): EngineEvent => {
    return { type: 'task-started', time: 1, task: on(...parameters) };
  };
  const failed = (code: string, message: string, ...parameters: Parameters<typeof on>): EngineEvent => ({
    ...(ended(0, 'failed') as Extract<EngineEvent, { type: 'task-ended' }>),
    task: on(...parameters),
    error: { code, message, hint: null, concerns: {}, position: null, cause: null, stack: null },
  });
  const succeeded = (...parameters: Parameters<typeof on>): EngineEvent => ({
    ...(ended(0) as Extract<EngineEvent, { type: 'task-ended' }>),
    task: on(...parameters),
  });
  const added = (executor: string, host: string): EngineEvent => {
    return { type: 'executor-added', time: 0, executorId: executorId(executor), host, slots: 2 };
  };

  test('tells one line for a lost executor, a lost output and a stage that runs again', () => {
    const { environment, written } = fakeEnvironment();
    const progress = new Progress(environment, { lines: true });
    const reader = { ...stage, stageId: stageId(4), kind: 'result' } as const;
    const events: readonly EngineEvent[] = [
      added('1', 'alpha'),
      added('2', 'beta'),
      submitted,
      ...[begun('1', 0), begun('1', 1), begun('2', 2), begun('2', 3)],
      { type: 'executor-removed', time: 2, executorId: executorId('2'), reason: 'it ended with signal SIGKILL' },
      failed('KILN_EXECUTOR_LOST', 'lost', '2', 2),
      failed('KILN_EXECUTOR_LOST', 'lost', '2', 3),
      added('3', 'gamma'),
      ...[begun('3', 2), begun('3', 3), succeeded('1', 0), succeeded('1', 1), succeeded('3', 2), succeeded('3', 3)],
      completed,
      { ...(submitted as Extract<EngineEvent, { type: 'stage-submitted' }>), stage: reader, tasks: 2 },
      ...[begun('1', 0, reader.stageId), begun('1', 1, reader.stageId)],
      failed('FETCH_FAILED', 'map output 1 of shuffle 0 is not on executor 3', '1', 0, reader.stageId),
      failed('FETCH_FAILED', 'map output 2 of shuffle 0 is not on executor 3', '1', 1, reader.stageId),
      { type: 'stage-completed', time: 3, stage: reader, attempt: 0, outcome: 'failed', reason: 'a lost block' },
      { ...(submitted as Extract<EngineEvent, { type: 'stage-submitted' }>), attempt: 1, tasks: 2 },
    ];
    for (const event of events) progress.onEvent(event);
    expect(written.stderr).toBe(`executor 2 (beta) is lost: it ended with signal SIGKILL; 2 tasks run again
executor 3 (gamma) has come, 2 slots
stage 3: 4 tasks in 2.0 s, read 4.0 KiB, shuffled 2.0 KiB  Aggregate < Scan
stage 4: waits for a lost output to be made again: map output 1 of shuffle 0 is not on executor 3
stage 3: attempt 2 makes 2 lost outputs again
`);
    expect(workText(progress.totals)).toBe(
      '1 stage (1 ran again), 4 tasks (4 failed and ran again) on 3 executors (1 lost); read 4.0 KiB, shuffled 2.0 KiB, spilled 16.0 KiB',
    );
  });

  test('tells the first failures of a stage, and where', () => {
    const { environment, written } = fakeEnvironment();
    const progress = new Progress(environment, { lines: true });
    progress.onEvent(submitted);
    for (let partition = 0; partition < 9; partition++) progress.onEvent(failed('IO', 'no space', '1', partition));
    expect(written.stderr).toBe(`stage 3: task 0 failed on executor 1 (attempt 1): no space
stage 3: task 1 failed on executor 1 (attempt 1): no space
stage 3: task 2 failed on executor 1 (attempt 1): no space
stage 3: more failures of tasks are not shown
`);
  });
});
