import { executorId, shuffleId } from '@kiln/base';
import { expect, it } from 'vitest';
import { DriverHarness, settled } from './test-support/driver-harness.ts';

const mapAndResult = [
  { output: 'shuffle', tasks: 2 },
  { output: 'result', tasks: 2, reads: [0] },
] as const;
const moving = { 'spark.storage.decommission.enabled': 'true' };
const [e1, e2] = [executorId('e1'), executorId('e2')];

/** Both maps ran on e1; e2 is there too. `left` is set when e1 may go. */
async function leaving(conf: Readonly<Record<string, string>>) {
  const harness = new DriverHarness(mapAndResult, { conf });
  const job = await harness.start();
  harness.backend.succeedAll('map');
  harness.driver.executorAdded(e2, 'h2', 4);
  const state = { left: false };
  void harness.driver.decommission(e1, 'it is idle').then(() => {
    state.left = true;
  });
  await settled();
  return { harness, job, state };
}

const holders = (harness: DriverHarness) =>
  harness.tracker.outputs(shuffleId(0)).map((output) => output?.location.executor);

it('an executor that leaves finishes what it runs, gives its outputs away, and may go then', async () => {
  const { harness, job, state } = await leaving(moving);
  expect(harness.recorder.of('executor-decommissioned')).toMatchObject([{ executorId: 'e1', reason: 'it is idle' }]);
  expect(harness.backend.copies).toEqual(['e2: 0 1']);
  expect(holders(harness)).toEqual(['e2', 'e2']);
  // The result tasks began there before.
  expect(state.left).toBe(false);
  expect(harness.backend.tasks().map(({ executor }) => executor)).toEqual(['e1', 'e1']);
  harness.backend.succeedAll('result');
  await settled();
  expect(state.left).toBe(true);
  await job.done;
  harness.driver.executorRemoved(e1, 'told to', false);
  // Nothing is made again.
  expect(harness.tracker.missing(shuffleId(0)) ?? []).toEqual([]);
});

it('what its last tasks leave moves too', async () => {
  const harness = new DriverHarness(mapAndResult, { conf: moving });
  await harness.start();
  harness.driver.executorAdded(e2, 'h2', 4);
  const left = harness.driver.decommission(e1, 'it is idle');
  await settled();
  harness.backend.succeedAll('map');
  await left;
  expect(holders(harness)).toEqual(['e2', 'e2']);
  // Who reads them is told where they are now, and nobody new is sent to it.
  expect(new Set(harness.backend.tasks().map(({ executor }) => executor))).toEqual(new Set(['e2']));
});

it('a copy that fails is tried three times; then the outputs are made again', async () => {
  const harness = new DriverHarness(mapAndResult, { conf: moving });
  const job = await harness.start();
  harness.backend.succeedAll('map');
  harness.driver.executorAdded(e2, 'h2', 4);
  harness.backend.copyError = new Error('no room');
  const left = harness.driver.decommission(e1, 'it is idle');
  await settled();
  expect(harness.backend.copies.slice(0, 3)).toEqual(['e2: 0 1', 'e2: 0 1', 'e2: 0 1']);
  expect(harness.logged).toContain('map outputs could not be moved; they will be made again');
  for (const { taskId } of harness.backend.tasks()) {
    const fetch = { shuffleId: 0, map: 0, reduce: 0, executorId: 'e1', cause: 'missing' as const };
    harness.backend.fail(taskId, { kind: 'fetch-failed', class: 'FETCH_FAILED', fetch });
  }
  await left;
  harness.driver.executorRemoved(e1, 'told to', false);
  harness.clock.advance(1_000);
  harness.backend.succeedAll('map');
  harness.clock.advance(1_000);
  harness.backend.succeedAll('result');
  await job.done;
});

it('without spark.storage.decommission.enabled nothing moves', async () => {
  const { harness } = await leaving({});
  expect(harness.backend.copies).toEqual([]);
});

it('its time may be limited', async () => {
  const { harness, state } = await leaving({ 'spark.executor.decommission.forceKillTimeout': '10s' });
  harness.clock.advance(9_999);
  await settled();
  expect(state.left).toBe(false);
  harness.clock.advance(1);
  await settled();
  expect(state.left).toBe(true);
});
