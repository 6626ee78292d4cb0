import { count } from '@kiln/client/functions';
import { describe, expect, it } from 'vitest';
import { expectNothingLeft, failureOf, slowNumbers, TestEngine } from './support/engine.ts';

const engine = new TestEngine();

/** Attempts of a partition of the last stage, as events tell. */
const attempts = (partition: number) => {
  return engine.recorder.of('task-ended').filter((event) => event.task.partition === partition);
};

describe('a task that fails', () => {
  it('fails its job with job, stage, partition and the class that Spark gives it', async () => {
    const session = await engine.start();
    const frame = session.range(0, 4_000, 1, 4).selectExpr('10 / (id - 2500) as x');
    const error = await failureOf(frame.collect());
    expect(error).toMatchObject({
      name: 'KilnError',
      code: 'DIVIDE_BY_ZERO',
      message: expect.stringMatching(
        /^Job 0 \(collect\) failed: partition 2 of stage 0 \(.+\) failed: DIVIDE_BY_ZERO: Division by zero/,
      ),
      concerns: { job: '0', stage: '0', partition: '2' },
      cause: { code: 'DIVIDE_BY_ZERO', message: expect.stringContaining('try_divide') },
    });
    expect(attempts(2)).toHaveLength(1);
    expect(engine.recorder.of('job-ended')[0]).toMatchObject({
      outcome: 'failed',
      error: { code: 'DIVIDE_BY_ZERO' },
    });
    await expectNothingLeft(session);
    // The next one goes on as if nothing had been.
    expect(await session.range(10).count()).toBe(10);
  });

  it.each([
    ["cast(if(id = 3, 'x', '1') as int)", 'CAST_INVALID_INPUT'],
    ['cast(9223372036854775800 + id as bigint) + 100', 'ARITHMETIC_OVERFLOW'],
    ['id % (id - 3)', 'REMAINDER_BY_ZERO'],
    ['cast(id * 1000000 as smallint)', 'CAST_OVERFLOW'],
  ])('%s is a %s', async (expression, spark) => {
    const session = await engine.start();
    const error = await failureOf(session.range(0, 5, 1, 1).selectExpr(`${expression} as x`).collect());
    expect(error.code).toBe(spark);
    await session.stop();
  });

  it('in a reduce stage names that stage', async () => {
    const session = await engine.start();
    const frame = session.range(0, 100, 1, 2).groupBy('id').agg(count('id').as('c')).selectExpr('1 / (c - 1) as x');
    const error = await failureOf(frame.collect());
    const result = engine.recorder.of('stage-submitted').find(({ stage }) => stage.kind === 'result');
    expect(error.concerns['stage']).toBe(String(result?.stage.stageId));
    const completed = engine.recorder.of('stage-completed').map(({ stage, outcome }) => `${stage.kind} ${outcome}`);
    expect(completed).toEqual(['shuffle-map succeeded', 'result failed']);
    await expectNothingLeft(session);
  });

  it('is tried as often as local[N,F] says, and its first failure leads', async () => {
    const session = await engine.start({ master: 'local[2,3]' });
    const error = await failureOf(slowNumbers(session, { splits: 4, chunks: 2, delay: 20, failing: 1 }).collect());
    expect(error.message).toMatch(
      /partition 1 of stage 0 .* failed 3 times; the first failure: .*broken for the 1\. time \(the last failure: .*broken for the 3\. time\)/s,
    );
    expect(attempts(1).map((event) => [event.task.attempt, event.outcome])).toEqual([
      [0, 'failed'],
      [1, 'failed'],
      [2, 'failed'],
    ]);
    expect(new Set(attempts(1).map((event) => event.task.taskId)).size).toBe(3);
    await expectNothingLeft(session);
  });

  it('once is run again, and the rows are right', async () => {
    const session = await engine.start({ master: 'local[2,3]' });
    const frame = slowNumbers(session, { splits: 4, chunks: 2, delay: 20, failing: 1, failures: 2 });
    expect((await frame.collect()).map((row) => row.n)).toEqual(Array.from({ length: 80 }, (_, n) => n));
    expect(attempts(1).map((event) => event.outcome)).toEqual(['failed', 'failed', 'succeeded']);
    engine.recorder.clear();

    const out = engine.path('out');
    const written = await slowNumbers(session, {
      splits: 4,
      chunks: 2,
      delay: 21,
      failing: 2,
      failures: 1,
    }).write.parquet(out);
    expect(written).toMatchObject({ rows: 80, files: 4 });
    expect((await session.read.parquet(out).collect()).map((row) => Number(row['n'])).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 80 }, (_, n) => n),
    );
  });

  it('under local[N] is not tried again, unless spark.task.maxFailures says so', async () => {
    const once = await engine.start({ master: 'local[2]' });
    expect(
      (await failureOf(slowNumbers(once, { splits: 2, chunks: 1, delay: 0, failing: 1 }).collect())).message,
    ).toContain('1. time');
    expect(attempts(1)).toHaveLength(1);
    const twice = await engine.start({ master: 'local[2]', conf: { 'spark.task.maxFailures': 2 } });
    await failureOf(slowNumbers(twice, { splits: 2, chunks: 1, delay: 0, failing: 1 }).collect());
    expect(attempts(1)).toHaveLength(2);
  });
});

describe('spark.driver.maxResultSize', () => {
  it.each([
    ['one partition', 1],
    ['all together', 8],
  ])('exceeded by %s fails the job clearly', async (_name, partitions) => {
    const session = await engine.start({ conf: { 'spark.driver.maxResultSize': '100k' } });
    const error = await failureOf(session.range(0, 100_000, 1, partitions).collect());
    expect(error).toMatchObject({
      code: 'KILN_RESULT_TOO_LARGE',
      message: 'The results of job 0 are larger than spark.driver.maxResultSize (102400 bytes)',
      hint: expect.stringContaining('raise spark.driver.maxResultSize'),
    });
    await expectNothingLeft(session);
    expect(await session.range(0, 100_000).count()).toBe(100_000);
  });
});
