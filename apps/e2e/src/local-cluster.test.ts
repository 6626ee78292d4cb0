import { kill } from 'node:process';
import { describe, expect, it } from 'vitest';
import { expectNothingLeft, expectNothingRuns, failureOf, slowNumbers, TestEngine } from './support/engine.ts';
import { executorsOf } from './support/traces.ts';

const engine = new TestEngine();
const one = 'local-cluster[1,2,1024]';

describe('local-cluster', () => {
  it('runs jobs on executor processes, which are gone after it', async () => {
    const session = await engine.start({ master: one });
    expect(executorsOf(session.appId).size).toBe(1);
    expect(await session.range(0, 1000, 1, 4).groupBy().count().collect()).toHaveLength(1);
    const rows = await session.range(0, 10, 1, 3).collect();
    expect(rows.map((row) => Number(row.id))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    await expectNothingLeft(session);
  });

  it('ships plugins with the role executor, with what they import', async () => {
    const session = await engine.start({ master: one });
    const rows = await slowNumbers(session, { splits: 3, chunks: 2, delay: 1 }).collect();
    expect(rows).toHaveLength(60);
  });

  it('cancels a job and leaves nothing of it', async () => {
    const session = await engine.start({ master: one });
    const cancel = new AbortController();
    const frame = slowNumbers(session, { splits: 4, chunks: 1000, delay: 10 });
    const failing = failureOf(frame.collect({ signal: cancel.signal }));
    await expect.poll(() => engine.recorder.of('task-started').length, { timeout: 60_000 }).toBeGreaterThan(0);
    cancel.abort();
    expect((await failing).code).toBe('KILN_JOB_CANCELLED');
    await expectNothingRuns(session);
  });

  it('replaces an executor that is killed, and its tasks run again', async () => {
    const session = await engine.start({ master: one });
    const counting = slowNumbers(session, { splits: 4, chunks: 20, delay: 20 }).collect();
    await expect.poll(() => engine.recorder.of('task-started').length, { timeout: 60_000 }).toBeGreaterThan(1);
    const pid = executorsOf(session.appId).get('0');
    if (pid === undefined) throw new Error('no executor');
    kill(pid, 'SIGKILL');
    expect(await counting).toHaveLength(800);
    expect(engine.recorder.of('executor-removed')).toMatchObject([
      { executorId: '0', reason: expect.stringContaining('SIGKILL') as string },
    ]);
    expect(engine.recorder.of('executor-added').map((event) => event.executorId)).toContain('1');
    await expectNothingRuns(session);
  });
});
