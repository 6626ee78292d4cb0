import { col, count, sum } from '@kiln/client/functions';
import { describe, expect, it } from 'vitest';
import { slowNumbers, TestEngine } from './support/engine.ts';

const engine = new TestEngine();

/** What user code does that computes without a pause. */
function blockThread(millis: number): void {
  const end = Date.now() + millis;
  while (Date.now() < end);
}

describe('the control plane has a thread of its own', () => {
  it('tasks and stages go on while the user computes for 30 s', async () => {
    const session = await engine.start({ master: 'local[2,4]' });
    // 60 tasks of 0.4 s on 2 slots, then a shuffle and a sort.
    const frame = slowNumbers(session, { splits: 60, chunks: 4, delay: 100 })
      .withColumn('k', col('n').mod(3))
      .groupBy('k')
      .agg(count('n').as('rows'), sum('n').as('total'))
      .orderBy('k');
    const rows = frame.collect();
    await expect.poll(() => engine.recorder.of('task-started').length, { timeout: 20_000 }).toBeGreaterThan(0);

    const before = engine.recorder.of('task-ended').length;
    const from = Date.now();
    blockThread(30_000);
    const to = Date.now();

    expect((await rows).map((row) => [...row])).toEqual([
      [0, 800n, 958_800],
      [1, 800n, 959_600],
      [2, 800n, 960_400],
    ]);
    const ended = engine.recorder.of('task-ended').map((event) => event.time);
    expect(ended.length).toBeGreaterThan(60);
    expect(ended).toEqual(ended.toSorted((a, b) => a - b));
    // Evenly over the block, not in a burst at one of its ends.
    const within = ended.filter((time) => time > from && time < to);
    expect(within.length).toBeGreaterThanOrEqual(60 - before);
    for (let second = 1; second < 10; second++)
      expect(
        within.some((time) => time > from + second * 1000 && time < from + (second + 1) * 1000),
        `second ${second}`,
      ).toBe(true);
    // All of the job was over before the user's thread had time to hear of it.
    expect(engine.recorder.of('job-ended')[0]?.time).toBeLessThan(to);
  });
});
