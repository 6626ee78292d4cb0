import { executorId, shuffleId } from '@kiln/base';
import { expect, it } from 'vitest';
import { DriverHarness } from './test-support/driver-harness.ts';

const mapAndResult = [
  { output: 'shuffle', tasks: 2 },
  { output: 'result', tasks: 1, reads: [0] },
] as const;
const e2 = executorId('e2');

/** Both maps ran on e2, whose host has a shuffle service. */
async function served() {
  const harness = new DriverHarness(mapAndResult, { slots: 0 });
  harness.driver.executorAdded(e2, 'h2', 2, { address: 'h2:4000', serviceAddress: 'h2:7337' });
  const job = await harness.start();
  harness.backend.succeedAll('map');
  return { harness, job };
}

it('outputs that a shuffle service serves outlive their executor: no map runs again', async () => {
  const { harness, job } = await served();
  harness.driver.executorRemoved(e2, 'killed', true);
  expect(harness.tracker.missing(shuffleId(0))).toEqual([]);
  harness.driver.executorAdded(executorId('e3'), 'h3', 2);
  expect(harness.backend.locations.at(-1)?.outputs).toMatchObject([
    { map: 0, executorId: 'e2', address: 'h2:7337' },
    { map: 1, executorId: 'e2', address: 'h2:7337' },
  ]);
  const [again] = harness.backend.tasks().filter(({ executor }) => executor === 'e3');
  harness.backend.succeed(again?.taskId ?? -1, 'result');
  await job.done;
  expect(harness.recorder.of('stage-submitted').map(({ stage, tasks }) => `${stage.kind} ${tasks}`)).toEqual([
    'shuffle-map 2',
    'result 1',
  ]);
});

it('but not the loss of their host', async () => {
  const { harness } = await served();
  harness.driver.hostLost('h2');
  expect(harness.tracker.missing(shuffleId(0))).toEqual([0, 1]);
});
