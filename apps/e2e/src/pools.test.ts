import { writeFileSync } from 'node:fs';
import type { Session } from '@kiln/client';
import type { EngineEvent } from '@kiln/contracts';
import { expect, it } from 'vitest';
import { failureOf, slowNumbers, TestEngine } from './support/engine.ts';

const engine = new TestEngine();
const xml =
  '<allocations><pool name="heavy"><weight>3</weight></pool><pool name="needy"><minShare>2</minShare></pool></allocations>';
const yaml = 'pools: [{ name: heavy, weight: 3 }, { name: needy, minShare: 2 }]';

/** A job that holds all slots, then one in each pool; resolves when all are over. */
async function compete(session: Session, pools: readonly string[]): Promise<void> {
  const work = (splits: number, delay: number) => slowNumbers(session, { splits, chunks: 1, delay }).collect();
  const jobs: Promise<unknown>[] = [work(4, 1_000)];
  await expect.poll(() => engine.recorder.of('task-started').length, { timeout: 20_000 }).toBe(4);
  for (const pool of pools) {
    session.conf.set('spark.scheduler.pool', pool);
    jobs.push(work(12, 30));
  }
  await expect.poll(() => engine.recorder.of('stage-submitted').length, { timeout: 20_000 }).toBe(1 + pools.length);
  await Promise.all(jobs);
}

/** Tasks that ran of each job whenever one of `jobs` got a slot while all of them still waited for some. */
function choices(events: readonly EngineEvent[], jobs: readonly number[], tasks: number) {
  const started = new Map(jobs.map((job) => [job, 0]));
  const running = new Map<number, number>();
  const found: { chosen: number; running: number[] }[] = [];
  let submitted = 0;
  for (const event of events) {
    if (event.type === 'stage-submitted') submitted++;
    if (event.type === 'task-ended') running.set(event.task.jobId, (running.get(event.task.jobId) ?? 0) - 1);
    if (event.type !== 'task-started') continue;
    const { jobId } = event.task;
    const allWait = submitted > jobs.length && [...started.values()].every((count) => count < tasks);
    if (allWait && started.has(jobId)) found.push({ chosen: jobId, running: jobs.map((job) => running.get(job) ?? 0) });
    running.set(jobId, (running.get(jobId) ?? 0) + 1);
    if (started.has(jobId)) started.set(jobId, (started.get(jobId) ?? 0) + 1);
  }
  return found;
}

it.each([
  ['fairscheduler.xml', xml],
  ['pools.yaml', yaml],
])(
  'FAIR: on a busy engine slots go to pools by weight and least share (%s)',
  async (name, text) => {
    const file = engine.path(name);
    writeFileSync(file, text);
    const session = await engine.start({
      master: 'local[4]',
      conf: { 'spark.scheduler.mode': 'FAIR', 'spark.scheduler.allocation.file': file },
    });
    await compete(session, ['light', 'heavy', 'needy']);
    const found = choices(engine.recorder.recorded, [1, 2, 3], 12);
    expect(found.length).toBeGreaterThan(8);
    for (const { chosen, running } of found) {
      const [light = 0, heavy = 0, needy = 0] = running;
      if (needy < 2) expect({ chosen, running }).toMatchObject({ chosen: 3 });
      else {
        const claims = [light, heavy / 3, needy];
        expect(claims[chosen - 1], JSON.stringify({ chosen, running })).toBe(Math.min(...claims));
      }
    }
  },
  60_000,
);

it('FIFO: the older job has all slots', async () => {
  const session = await engine.start({ master: 'local[4]' });
  await compete(session, ['light', 'heavy']);
  const found = choices(engine.recorder.recorded, [1, 2], 12);
  expect(found.length).toBeGreaterThan(8);
  expect(new Set(found.map(({ chosen }) => chosen))).toEqual(new Set([1]));
}, 60_000);

it('an allocation file that cannot be used is an error at start', async () => {
  const file = engine.path('pools.xml');
  writeFileSync(file, '<allocations><pool name="a"><weigth>2</weigth></pool></allocations>');
  const error = await failureOf(
    engine.start({ conf: { 'spark.scheduler.mode': 'FAIR', 'spark.scheduler.allocation.file': file } }),
  );
  expect(error.code).toBe('KILN_SCHEDULER_POOLS');
  expect(error.message).toContain("pool 'a' has a field 'weigth'; known: schedulingMode, weight, minShare");
});
