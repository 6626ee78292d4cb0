import { expect, it } from 'vitest';
import { failureOf, slowNumbers, TestEngine } from './support/engine.ts';
import { executorsOf } from './support/traces.ts';

const engine = new TestEngine();
const dynamic = {
  'spark.dynamicAllocation.enabled': 'true',
  'spark.dynamicAllocation.minExecutors': '1',
  'spark.dynamicAllocation.maxExecutors': '3',
  'spark.dynamicAllocation.schedulerBacklogTimeout': '300ms',
  'spark.dynamicAllocation.executorIdleTimeout': '2s',
};

it('there are as many executors as there is work', async () => {
  const session = await engine.start({ master: 'local-cluster[1,1,512]', conf: dynamic });
  const count = () => executorsOf(session.appId).size;
  expect(count()).toBe(1);
  // More tasks than one executor does in the time in which others come.
  const rows = await slowNumbers(session, { splits: 40, chunks: 10, delay: 50 }).collect();
  expect(rows).toHaveLength(4_000);
  const used = new Set(engine.recorder.of('task-started').map(({ task }) => task.executorId));
  expect(used.size).toBe(3);
  // Idle ones go, told to beforehand, down to the least number.
  await expect.poll(count, { timeout: 30_000 }).toBe(1);
  expect(engine.recorder.of('executor-decommissioned')).toHaveLength(2);
  expect(engine.recorder.of('task-ended').every(({ outcome }) => outcome === 'succeeded')).toBe(true);
  // The engine goes on with what is left.
  expect(await session.range(0, 100, 1, 2).count()).toBe(100);
}, 120_000);

it('executors with shuffle outputs of a live DataFrame stay', async () => {
  const conf = { ...dynamic, 'spark.dynamicAllocation.minExecutors': '0', 'spark.dynamicAllocation.maxExecutors': '1' };
  const session = await engine.start({ master: 'local-cluster[1,1,512]', conf });
  const count = () => executorsOf(session.appId).size;
  expect(count()).toBe(0);
  const frame = session.range(0, 100, 1, 2).selectExpr('id % 7 as k', 'id').groupBy('k').count();
  await frame.collect();
  await session.range(10).collect();
  // Longer than it takes to give back an idle executor.
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  expect(count()).toBe(1);
  engine.recorder.clear();
  await frame.collect();
  expect(engine.recorder.of('stage-skipped')).toHaveLength(1);
}, 120_000);

it('settings that contradict each other are an error at start', async () => {
  const conf = { ...dynamic, 'spark.dynamicAllocation.minExecutors': '5' };
  const error = await failureOf(engine.start({ master: 'local-cluster[1,1,512]', conf }));
  expect(error.code).toBe('KILN_DYNAMIC_ALLOCATION');
});
