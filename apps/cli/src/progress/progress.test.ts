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
    expect(written).toEqual({ stdout: 'rows\n', stderr: '\x1b[1A\x1b[0J' });
    written.stderr = '';
    progress.stop();
    vi.advanceTimersByTime(1000);
    expect(written.stderr).toBe('');
    vi.useRealTimers();
  });
});
