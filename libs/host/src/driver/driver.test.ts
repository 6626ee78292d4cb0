import { executorId } from '@kiln/base';
import type { TaskSetView } from '@kiln/contracts/task-scheduler';
import { describe, expect, it } from 'vitest';
import { DriverHarness, settled } from './test-support/driver-harness.ts';
import type { FakeStage } from './test-support/fake-planner.ts';

const mapAndResult: readonly FakeStage[] = [
  { output: 'shuffle', tasks: 2 },
  { output: 'result', tasks: 2, reads: [0] },
];
const resultOnly: readonly FakeStage[] = [{ output: 'result', tasks: 3 }];
const writeOnly: readonly FakeStage[] = [{ output: 'write', tasks: 2 }];

describe('a job', () => {
  it('tells what happens in order, and gives results in order of partitions', async () => {
    const harness = new DriverHarness(mapAndResult);
    const job = await harness.start();
    harness.backend.succeedAll('map');
    const [first, second] = harness.backend.tasks();
    harness.backend.succeed(second?.taskId ?? -1, 'result');
    expect(harness.results).toEqual([]);
    harness.backend.succeed(first?.taskId ?? -1, 'result');
    await job.done;
    expect(harness.results).toEqual([0, 1]);
    expect(harness.story).toEqual([
      'job-started 0',
      'stage-submitted 0',
      'task-started 0',
      'task-started 1',
      'task-ended 0 succeeded',
      'task-ended 1 succeeded',
      'stage-completed 0 succeeded',
      'stage-submitted 1',
      'task-started 2',
      'task-started 3',
      'task-ended 3 succeeded',
      'task-ended 2 succeeded',
      'stage-completed 1 succeeded',
      'job-ended 0 succeeded',
    ]);
    expect(harness.backend.programs.size).toBe(0);
    expect(harness.tracker.shuffles).toEqual([]);
  });

  it('has an id in the order in which jobs were asked for, whatever planning takes', async () => {
    const harness = new DriverHarness(resultOnly);
    let isFirst = true;
    harness.planner.before = async () => {
      if (!isFirst) return;
      isFirst = false;
      await settled();
    };
    const [first, second] = await Promise.all([harness.start(), harness.start()]);
    expect([first?.id, second?.id]).toEqual([0, 1]);
    expect(harness.story[0]).toBe('job-started 1');
  });

  it('goes on when a listener throws', async () => {
    const harness = new DriverHarness(resultOnly);
    harness.bus.listen({
      onEvent: () => {
        throw new Error('a bad listener');
      },
    });
    const job = await harness.start();
    harness.backend.succeedAll('result');
    await job.done;
    expect(harness.logged).toContain('a listener failed');
    expect(harness.recorder.of('task-ended')).toHaveLength(3);
  });

  it('keeps the first failure, and counts attempts', async () => {
    const harness = new DriverHarness(resultOnly, { conf: { 'spark.task.maxFailures': '3' } });
    const job = await harness.start();
    for (const message of ['first', 'second', 'third'])
      harness.backend.fail(harness.backend.tasks().find((task) => task.partition === 1)?.taskId ?? -1, { message });
    const error = await job.done.catch((cause) => cause);
    expect(error.message).toMatch(/partition 1 of stage 0 .* failed 3 times; the first failure: BOOM: first .*third/);
    const concerns = { job: '0', stage: '0', partition: '1' };
    expect(error).toMatchObject({ code: 'BOOM', concerns, cause: { code: 'BOOM', message: 'first' } });
    const attempts = harness.recorder.of('task-ended').filter((event) => event.task.partition === 1);
    expect(attempts.map((event) => event.task.attempt)).toEqual([0, 1, 2]);
    expect(harness.backend.running.size).toBe(0);
  });

  it('fails when its results are larger than the limit', async () => {
    const harness = new DriverHarness(resultOnly, { maxResultBytes: 10 });
    const job = await harness.start();
    for (const { taskId } of harness.backend.tasks()) harness.backend.succeed(taskId, 'result', 6);
    await expect(job.done).rejects.toMatchObject({
      code: 'KILN_RESULT_TOO_LARGE',
      message: /larger than spark.driver.maxResultSize/,
    });
  });

  it('does not try a task again whose own result is too large', async () => {
    const harness = new DriverHarness(resultOnly, { maxResultBytes: 10, conf: { 'spark.task.maxFailures': '4' } });
    const job = await harness.start();
    harness.backend.fail(harness.backend.tasks()[0]?.taskId ?? -1, { class: 'RESULT_TOO_LARGE' });
    await expect(job.done).rejects.toMatchObject({ code: 'KILN_RESULT_TOO_LARGE' });
    expect(harness.recorder.of('task-started')).toHaveLength(3);
  });

  it('fails with what refine says', async () => {
    const harness = new DriverHarness(resultOnly);
    harness.planner.refineError = new Error('no such function');
    const job = await harness.start();
    await expect(job.done).rejects.toThrow('no such function');
  });

  it('tries a task again that could not be sent', async () => {
    const harness = new DriverHarness(resultOnly, { conf: { 'spark.task.maxFailures': '2' } });
    harness.backend.refuse = ({ partition, attempt }) => (partition === 0 && attempt === 0 ? 'no luck' : null);
    const job = await harness.start();
    harness.backend.succeedAll('result');
    await job.done;
    expect(harness.recorder.of('task-started')).toHaveLength(4);
    expect(harness.recorder.of('task-ended').map((event) => event.error?.code)).toContain('KILN_TASK_LAUNCH');
  });

  it('fails with its neighbours when a policy throws, and the engine goes on', async () => {
    let isBroken = true;
    const order = (sets: readonly TaskSetView[]) => {
      if (isBroken) throw new Error('a bad policy');
      return sets;
    };
    const harness = new DriverHarness(resultOnly, { policy: { name: 'bad', order }, slots: 1 });
    const jobs = [await harness.start(), await harness.start()];
    // A policy is asked when two sets want slots.
    if (harness.backend.running.size > 0) harness.backend.succeedAll('result');
    const errors = await Promise.all(jobs.map((job) => job.done.catch((cause) => cause)));
    expect(errors.map((error) => error.code)).toEqual(['KILN_SCHEDULER', 'KILN_SCHEDULER']);
    expect(errors[0].cause.message).toBe('a bad policy');
    isBroken = false;
    const job = await harness.start();
    for (let round = 0; round < 3; round++) harness.backend.succeedAll('result');
    await job.done;
  });
});

describe('a cancelled job', () => {
  it('ends when nothing of it runs any more', async () => {
    const harness = new DriverHarness(resultOnly);
    harness.backend.obeysKills = false;
    const controller = new AbortController();
    const job = await harness.start({ signal: controller.signal });
    let ended = false;
    job.done.catch(() => {
      ended = true;
    });
    controller.abort('enough');
    await settled();
    expect([ended, harness.backend.killed.length]).toEqual([false, 3]);
    for (const { taskId } of harness.backend.tasks()) harness.backend.end(taskId, { type: 'killed', reason: 'enough' });
    await expect(job.done).rejects.toMatchObject({ code: 'KILN_JOB_CANCELLED', message: /enough/ });
    expect(harness.story.slice(-1)).toEqual(['job-ended 0 cancelled']);
  });

  it('does not wait for ever for tasks that go on', async () => {
    const harness = new DriverHarness(resultOnly);
    harness.backend.obeysKills = false;
    const job = await harness.start();
    harness.driver.cancel(job.id, 'enough');
    await settled();
    harness.clock.advance(10_000);
    await expect(job.done).rejects.toMatchObject({ code: 'KILN_JOB_CANCELLED' });
    expect(harness.logged).toContain('tasks that were told to stop go on');
  });

  it('leaves map outputs that come late nowhere', async () => {
    const harness = new DriverHarness(mapAndResult);
    harness.backend.obeysKills = false;
    const job = await harness.start({ dataFrameId: 1 });
    const [first, second] = harness.backend.tasks();
    harness.backend.succeed(first?.taskId ?? -1, 'map');
    harness.driver.cancel(job.id, 'enough');
    await settled();
    expect(harness.backend.removedShuffles).toEqual([0]);
    harness.backend.succeed(second?.taskId ?? -1, 'map');
    await expect(job.done).rejects.toThrow('enough');
    expect(harness.backend.removedShuffles).toEqual([0, 0]);
    expect(harness.tracker.shuffles).toEqual([]);
    expect(harness.backend.programs.size).toBe(0);
  });

  it('may be cancelled before it starts', async () => {
    const harness = new DriverHarness(writeOnly);
    const controller = new AbortController();
    harness.planner.before = () => controller.abort('never mind');
    await expect(harness.submit({ write: 'error', signal: controller.signal })).rejects.toMatchObject({
      code: 'KILN_JOB_CANCELLED',
      message: /never mind/,
    });
    expect(harness.committer.calls).toEqual([]);
    expect(harness.recorder.of('job-started')).toEqual([]);
  });

  it('does not take a map stage from another job of the same DataFrame', async () => {
    const harness = new DriverHarness(mapAndResult);
    const one = await harness.start({ dataFrameId: 1 });
    const other = await harness.start({ dataFrameId: 1 });
    harness.driver.cancel(one.id, 'enough');
    await expect(one.done).rejects.toThrow('enough');
    expect(harness.backend.killed).toEqual([]);
    harness.backend.succeedAll('map');
    harness.backend.succeedAll('result');
    await other.done;
    expect(harness.results).toEqual([0, 1]);
  });
});

describe('a DataFrame', () => {
  it('finds its finished map stage again until it is released', async () => {
    const harness = new DriverHarness(mapAndResult);
    const act = async () => {
      const job = await harness.start({ dataFrameId: 7 });
      harness.backend.succeedAll('map');
      harness.backend.succeedAll('result');
      await job.done;
    };
    await act();
    expect(harness.tracker.shuffles).toHaveLength(1);
    const job = await harness.start({ dataFrameId: 7 });
    harness.backend.succeedAll('result');
    await job.done;
    expect(harness.story.filter((line) => line.startsWith('stage-sk'))).toEqual(['stage-skipped 0']);
    expect(harness.planner.planned).toBe(1);
    await harness.driver.releasePlan(7);
    expect(harness.tracker.shuffles).toEqual([]);
    expect(harness.backend.removedShuffles).toEqual([0]);
    await act();
    expect(harness.planner.planned).toBe(2);
  });

  it('is planned once for two actions at once, each of which gets all rows', async () => {
    const harness = new DriverHarness(mapAndResult, { slots: 1 });
    const jobs = await Promise.all([harness.start({ dataFrameId: 7 }), harness.start({ dataFrameId: 7 })]);
    for (let round = 0; round < 2; round++) harness.backend.succeedAll('map');
    for (let round = 0; round < 4; round++) harness.backend.succeedAll('result');
    await Promise.all(jobs.map((job) => job.done));
    expect(harness.planner.planned).toBe(1);
    expect(harness.recorder.of('task-ended')).toHaveLength(6);
    expect(harness.results).toEqual([0, 1, 0, 1]);
  });

  it('that is released while it is planned or runs leaves nothing', async () => {
    const harness = new DriverHarness(mapAndResult);
    let release = Promise.resolve();
    harness.planner.before = async () => {
      await settled();
      release = harness.driver.releasePlan(7);
    };
    const job = await harness.start({ dataFrameId: 7 });
    await release;
    harness.backend.succeedAll('map');
    harness.backend.succeedAll('result');
    await job.done;
    expect(harness.results).toEqual([0, 1]);
    expect(harness.tracker.shuffles).toEqual([]);
  });

  it('keeps nothing of a job that failed', async () => {
    const harness = new DriverHarness(mapAndResult);
    const job = await harness.start({ dataFrameId: 7 });
    harness.backend.succeedAll('map');
    for (const { taskId } of harness.backend.tasks()) harness.backend.fail(taskId);
    for (let round = 0; round < 4; round++)
      for (const { taskId } of harness.backend.tasks()) harness.backend.fail(taskId);
    await expect(job.done).rejects.toThrow('boom');
    expect(harness.tracker.shuffles).toEqual([]);
  });
});

describe('a write', () => {
  it('commits what won, aborts what did not', async () => {
    const harness = new DriverHarness(writeOnly, { conf: { 'spark.task.maxFailures': '2' } });
    const job = await harness.start({ write: 'error' });
    harness.backend.fail(harness.backend.tasks()[0]?.taskId ?? -1);
    harness.backend.succeedAll('write');
    await job.done;
    expect(harness.committer.calls).toEqual(['setupJob', 'abortTask 0', 'commitTask 1', 'commitTask 0', 'commitJob']);
    expect(job.written).toEqual({ rows: 4, files: 2, bytes: 2 });
  });

  it('aborts after the last of its tasks has stopped', async () => {
    const harness = new DriverHarness(writeOnly);
    harness.backend.obeysKills = false;
    const job = await harness.start({ write: 'overwrite' });
    const [first, second] = harness.backend.tasks();
    harness.backend.succeed(first?.taskId ?? -1, 'write');
    harness.driver.cancel(job.id, 'enough');
    await settled();
    expect(harness.committer.calls).toEqual(['setupJob', 'commitTask 0']);
    harness.backend.succeed(second?.taskId ?? -1, 'write');
    await expect(job.done).rejects.toThrow('enough');
    expect(harness.committer.calls).toEqual(['setupJob', 'commitTask 0', 'abortTask 1', 'abortJob']);
  });

  it.each(['commitTask', 'commitJob'])('fails when %s fails', async (fails) => {
    const harness = new DriverHarness(writeOnly);
    harness.committer.fails = fails;
    const job = await harness.start({ write: 'error' });
    harness.backend.succeedAll('write');
    const error = await job.done.catch((cause) => cause);
    expect(`${error.message} ${error.cause?.message}`).toContain(`${fails} failed`);
    expect(harness.committer.calls.at(-1)).toBe('abortJob');
    expect(harness.story.at(-1)).toBe('job-ended 0 failed');
  });

  it('in mode ignore does nothing when there is output', async () => {
    const harness = new DriverHarness(writeOnly);
    harness.committer.exists = true;
    expect(await harness.submit({ write: 'ignore' })).toBeUndefined();
    expect(harness.recorder.of('job-started')).toEqual([]);
  });
});

describe('a lost block', () => {
  const twoReaders: readonly FakeStage[] = [
    { output: 'shuffle', tasks: 2 },
    { output: 'shuffle', tasks: 3, reads: [0] },
    { output: 'shuffle', tasks: 3, reads: [0] },
    { output: 'result', tasks: 1, reads: [1, 2] },
  ];
  const fetch = { shuffleId: 0, map: 1, reduce: 0, executorId: 'e1', cause: 'missing' as const };

  it('is made again alone, and nobody reads without it meanwhile', async () => {
    const harness = new DriverHarness(twoReaders, { slots: 2 });
    const job = await harness.start();
    harness.backend.succeedAll('map');
    const [first] = harness.backend.tasks(1);
    harness.backend.fail(first?.taskId ?? -1, { kind: 'fetch-failed', class: 'FETCH_FAILED', fetch });
    expect(harness.backend.removedShuffles).toEqual([]);
    // What was sent before may end; no other task of the second reader is sent.
    const sent = harness.backend.tasks(2).map((task) => task.taskId);
    for (const taskId of sent) harness.backend.succeed(taskId, 'map');
    expect(harness.backend.tasks(2)).toEqual([]);
    expect(harness.recorder.of('task-ended').at(-1)?.error?.message).toContain('was lost before the task was sent');
    for (let round = 0; round < 20; round++) {
      harness.clock.advance(1_000);
      for (const task of harness.backend.tasks())
        harness.backend.succeed(task.taskId, task.stageId === 3 ? 'result' : 'map');
    }
    await job.done;
    expect(harness.results).toEqual([0]);
    const sizes = harness.backend.locations
      .filter(({ shuffleId }) => shuffleId === 0)
      .map(({ outputs }) => outputs.length);
    expect(new Set(sizes)).toEqual(new Set([2]));
    const maps = harness.recorder.of('task-ended').filter(({ task }) => task.stageId === 0);
    expect(maps.map(({ task }) => `${task.stageAttempt}.${task.partition}`)).toEqual(['0.0', '0.1', '1.1']);
  });
});

describe('a lost executor', () => {
  it('ends its tasks, which run again elsewhere', async () => {
    const harness = new DriverHarness(mapAndResult);
    const job = await harness.start();
    harness.backend.succeedAll('map');
    harness.driver.executorRemoved(executorId('e1'), 'gone', false);
    harness.driver.executorAdded(executorId('e2'), 'h2', 2);
    harness.clock.advance(1_000);
    const stale = harness.backend.tasks().filter((task) => task.executor === 'e1');
    for (const { taskId } of stale) harness.backend.succeed(taskId, 'result');
    for (let round = 0; round < 3; round++) {
      for (const task of harness.backend.tasks())
        harness.backend.succeed(task.taskId, task.stageId === 0 ? 'map' : 'result');
      harness.clock.advance(1_000);
    }
    await job.done;
    expect(harness.results).toEqual([0, 1]);
    const ended = harness.recorder.of('task-ended').map((event) => event.task.taskId);
    const started = harness.recorder.of('task-started').map((event) => event.task.taskId);
    expect(ended.toSorted((a, b) => a - b)).toEqual(started);
  });
});

it('stops when all its jobs have ended, and starts no others', async () => {
  const harness = new DriverHarness(resultOnly);
  const job = await harness.start();
  const stopped = harness.driver.stop();
  await expect(job.done).rejects.toThrow('the engine stops');
  await stopped;
  expect(harness.backend.running.size).toBe(0);
  await expect(harness.submit()).rejects.toMatchObject({ code: 'KILN_ENGINE_STOPPED' });
});

it('runs tasks out of memory again by sort-merge, each once and without counting it', async () => {
  const harness = new DriverHarness(resultOnly, { conf: { 'spark.task.maxFailures': '1' } });
  const job = await harness.start();
  const sortMerge = () => harness.backend.tasks().filter((task) => task.program === 'program-0-sort-merge');
  // The second began with the program of the first, so it deserves the other one too.
  for (const { taskId } of harness.backend.tasks().slice(0, 2)) {
    harness.backend.fail(taskId, { kind: 'out-of-memory', class: 'OUT_OF_MEMORY' });
  }
  expect(sortMerge()).toHaveLength(2);
  harness.backend.succeedAll('result');
  await job.done;
  expect(harness.backend.programs.size).toBe(0);
});

it('counts a task that runs out of memory by sort-merge as well', async () => {
  const harness = new DriverHarness(resultOnly, { conf: { 'spark.task.maxFailures': '1' } });
  const job = await harness.start();
  for (let attempt = 0; attempt < 2; attempt++) {
    const task = harness.backend.tasks().find(({ partition }) => partition === 0);
    harness.backend.fail(task?.taskId ?? -1, { kind: 'out-of-memory', class: 'OUT_OF_MEMORY' });
  }
  await expect(job.done).rejects.toMatchObject({ cause: { code: 'OUT_OF_MEMORY' } });
});
