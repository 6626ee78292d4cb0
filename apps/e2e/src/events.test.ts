import { count } from '@kiln/client/functions';
import type { EngineEvent } from '@kiln/contracts';
import { EventRecorder } from '@kiln/testing';
import { describe, expect, it, vi } from 'vitest';
import { slowNumbers, TestEngine } from './support/engine.ts';
import { fixturePlugin } from './support/paths.ts';

const engine = new TestEngine();

const order: Partial<Record<EngineEvent['type'], string>> = {
  'job-started': 'J',
  'stage-submitted': 'S',
  'task-started': 't',
  'task-ended': 'e',
  'stage-completed': 'C',
  'job-ended': 'E',
};

describe('events', () => {
  it('of a job come in order: job, stages, tasks, and their ends', async () => {
    const session = await engine.start();
    const frame = session.range(0, 1_000, 1, 4).selectExpr('id % 7 as k').groupBy('k').agg(count('k').as('c'));
    await frame.collect({ description: 'count by seven' });
    const events = engine.recorder.recorded;
    const story = events.map((event) => order[event.type] ?? '').join('');
    expect(story).toMatch(/^JS[te]+CS[te]+CE$/);
    expect(engine.recorder.of('job-started')[0]).toMatchObject({
      description: 'count by seven',
      stages: [{ kind: 'shuffle-map' }, { kind: 'result' }],
    });
    const times = events.map((event) => event.time);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(engine.recorder.of('block-updated').filter((event) => event.stored !== 'removed')).toHaveLength(4);
  });

  it('every task that started has ended once, whatever became of it', async () => {
    const session = await engine.start({ master: 'local[2,2]' });
    await Promise.allSettled([
      session.range(0, 1_000, 1, 8).selectExpr('id % 7 as k').groupBy('k').count().collect(),
      slowNumbers(session, { splits: 4, chunks: 2, delay: 10, failing: 2 }).collect(),
      slowNumbers(session, { splits: 4, chunks: 2, delay: 10, failing: 2, failures: 1 }).collect(),
    ]);
    const cancelled = new AbortController();
    const endless = slowNumbers(session, { splits: 4, chunks: 1_000, delay: 10 }).collect({ signal: cancelled.signal });
    const before = engine.recorder.of('task-started').length;
    await expect.poll(() => engine.recorder.of('task-started').length, { timeout: 5_000 }).toBeGreaterThan(before);
    cancelled.abort();
    await expect(endless).rejects.toMatchObject({ code: 'KILN_JOB_CANCELLED' });
    const ids = (type: 'task-started' | 'task-ended') =>
      engine.recorder
        .of(type)
        .map((event) => event.task.taskId)
        .toSorted((a, b) => a - b);
    expect(ids('task-ended')).toEqual(ids('task-started'));
    expect(new Set(ids('task-ended')).size).toBe(ids('task-ended').length);
    const running = new Set<number>();
    for (const event of engine.recorder.recorded) {
      if (event.type === 'task-started') running.add(event.task.taskId);
      if (event.type === 'task-ended') expect(running.delete(event.task.taskId)).toBe(true);
    }
    const outcomes = new Set(engine.recorder.of('task-ended').map((event) => event.outcome));
    expect(outcomes).toEqual(new Set(['succeeded', 'failed', 'killed']));
    const started = engine.recorder.of('job-started').map((event) => event.jobId);
    expect(
      engine.recorder
        .of('job-ended')
        .map((event) => event.jobId)
        .toSorted((a, b) => a - b),
    ).toEqual(started.toSorted((a, b) => a - b));
  });

  it('come before the answer of the action that made them', async () => {
    const session = await engine.start();
    for (let run = 0; run < 5; run++) {
      engine.recorder.clear();
      await session.range(0, 100, 1, 3).collect();
      expect(engine.recorder.of('job-ended')).toHaveLength(1);
      expect(engine.recorder.of('task-ended')).toHaveLength(3);
    }
  });

  it('go to each listener as it asked, until it goes', async () => {
    const session = await engine.start();
    const jobs: string[] = [];
    const forget = session.listen({ events: ['job-started', 'job-ended'], onEvent: (event) => jobs.push(event.type) });
    await session.range(3).collect();
    forget();
    forget();
    await session.range(3).collect();
    expect(jobs).toEqual(['job-started', 'job-ended']);
    expect(engine.recorder.of('job-ended')).toHaveLength(2);
  });
});

describe('a listener that throws', () => {
  it("on the user's thread breaks neither the job nor other listeners, and is reported", async () => {
    const session = await engine.start();
    const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    session.listen(() => {
      throw new Error('a bad listener');
    });
    const later = new EventRecorder();
    session.listen(later);
    expect(await session.range(10).collect()).toHaveLength(10);
    expect(later.of('job-ended')).toHaveLength(1);
    expect(later.recorded.map((event) => event.type)).toEqual(engine.recorder.recorded.map((event) => event.type));
    expect(warnings.mock.calls[0]?.[0]).toContain('a bad listener');
    warnings.mockRestore();
  });

  it('in the control thread breaks nothing either', async () => {
    const session = await engine.start({ plugins: [fixturePlugin('bad-listener')] });
    expect(await session.range(10).collect()).toHaveLength(10);
    expect(engine.recorder.of('job-ended')).toHaveLength(1);
  });
});
