import { executorId } from '@kiln/base';
import { expect, it } from 'vitest';
import { DriverHarness } from './test-support/driver-harness.ts';

const mapAndResult = [
  { output: 'shuffle', tasks: 2 },
  { output: 'result', tasks: 2, reads: [0] },
] as const;

/** Both maps run on e1 of h1; then e2 of h2 comes, with more slots. */
async function mapsOnOneHost(conf: Readonly<Record<string, string>> = {}) {
  const harness = new DriverHarness(mapAndResult, { conf, slots: 2 });
  const job = await harness.start();
  const [first, second] = harness.backend.tasks();
  harness.backend.succeed(first?.taskId ?? -1, 'map');
  harness.driver.executorAdded(executorId('e2'), 'h2', 4);
  harness.backend.succeed(second?.taskId ?? -1, 'map');
  return { harness, job };
}

it('reduce tasks go to the host that holds their input', async () => {
  const { harness, job } = await mapsOnOneHost();
  const started = harness.recorder.of('task-started').filter(({ task }) => task.stageId === 1);
  // The fake planner's map outputs have bytes for partition 0 only.
  expect(started.map(({ task }) => [task.partition, task.executorId, task.locality])).toContainEqual([
    0,
    'e1',
    'node-local',
  ]);
  harness.backend.succeedAll('result');
  await job.done;
});

it('unless spark.shuffle.reduceLocality.enabled is off', async () => {
  const { harness } = await mapsOnOneHost({ 'spark.shuffle.reduceLocality.enabled': 'false' });
  const started = harness.recorder.of('task-started').filter(({ task }) => task.stageId === 1);
  expect(started.map(({ task }) => task.locality)).toEqual(['no-pref', 'no-pref']);
});

it('locations are one table for all executors, sent to each once', async () => {
  const { harness } = await mapsOnOneHost({ 'spark.shuffle.reduceLocality.enabled': 'false' });
  const tables = harness.backend.locations;
  expect(new Set(tables).size).toBe(1);
  expect(tables.length).toBe(new Set(harness.backend.tasks().map(({ executor }) => executor)).size);
});
