import { executorId } from '@kiln/base';
import { describe, expect, it } from 'vitest';
import { DriverHarness, settled } from './test-support/driver-harness.ts';

const writing = [{ output: 'write', tasks: 2 }] as const;
const speculation = {
  'spark.speculation': 'true',
  'spark.speculation.quantile': '0.5',
  'spark.speculation.minTaskRuntime': '1s',
};

/** Two hosts; partition 0 is written, partition 1 is slow and has a second copy. */
async function withCopy(): Promise<{ harness: DriverHarness; copies: number[]; done: Promise<void> }> {
  const harness = new DriverHarness(writing, { conf: speculation });
  harness.driver.executorAdded(executorId('e2'), 'h2', 4);
  const job = await harness.start({ write: 'error' });
  const first = harness.backend.tasks().find(({ partition }) => partition === 0);
  harness.backend.succeed(first?.taskId ?? -1, 'write');
  for (let round = 0; round < 30; round++) harness.clock.advance(100);
  const copies = harness.backend.tasks().map(({ taskId }) => taskId);
  expect(copies).toHaveLength(2);
  await settled();
  harness.committer.calls.length = 0;
  return { harness, copies, done: job.done };
}

const commits = ({ committer }: DriverHarness) => committer.calls.filter((call) => call.startsWith('commitTask'));

/** Only the driver commits, and only what the scheduler took for the partition: no attempt waits for an answer that could be lost. */
describe('two attempts of a partition never both commit', () => {
  it('when both end at the same moment', async () => {
    const { harness, copies, done } = await withCopy();
    harness.backend.obeysKills = false;
    for (const taskId of copies) harness.backend.succeed(taskId, 'write');
    await done;
    expect(harness.committer.calls).toEqual(['commitTask 1', 'abortTask 1', 'commitJob']);
  });

  it('when the second ends while the first is being committed', async () => {
    const { harness, copies, done } = await withCopy();
    harness.backend.obeysKills = false;
    harness.backend.succeed(copies[1] ?? -1, 'write');
    harness.backend.succeed(copies[0] ?? -1, 'write');
    await done;
    expect(commits(harness)).toEqual(['commitTask 1']);
  });

  it('when the first reports its end twice', async () => {
    const { harness, copies, done } = await withCopy();
    const [original = -1] = copies;
    const task = harness.backend.running.get(original);
    harness.backend.succeed(original, 'write');
    if (task !== undefined) harness.backend.running.set(original, task);
    harness.backend.succeed(original, 'write');
    await done;
    expect(commits(harness)).toEqual(['commitTask 1']);
  });

  it('when the executor of the first is taken for dead, its end comes late, and its partition was written again', async () => {
    const harness = new DriverHarness(writing);
    const job = await harness.start({ write: 'error' });
    const zombies = harness.backend.tasks().map(({ taskId }) => taskId);
    harness.driver.executorRemoved(executorId('e1'), 'silent', false);
    harness.driver.executorAdded(executorId('e2'), 'h2', 1);
    const [again] = harness.backend.tasks().filter(({ executor }) => executor === 'e2');
    harness.backend.succeed(again?.taskId ?? -1, 'write');
    for (const taskId of zombies) harness.backend.succeed(taskId, 'write');
    await settled();
    expect(commits(harness)).toEqual([`commitTask ${again?.partition}`]);
    const [other] = harness.backend.tasks();
    harness.backend.succeed(other?.taskId ?? -1, 'write');
    await job.done;
    expect(commits(harness).toSorted()).toEqual(['commitTask 0', 'commitTask 1']);
  });

  it('when the executor that wrote is lost after its commit: nothing runs again', async () => {
    const { harness, copies, done } = await withCopy();
    harness.backend.succeed(copies[0] ?? -1, 'write');
    harness.driver.executorRemoved(executorId('e1'), 'gone', true);
    harness.driver.executorRemoved(executorId('e2'), 'gone', true);
    await done;
    expect(commits(harness)).toEqual(['commitTask 1']);
  });
});
