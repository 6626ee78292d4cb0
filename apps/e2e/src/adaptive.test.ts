import type { Session } from '@kiln/client';
import { describe, expect, it } from 'vitest';
import { expectNothingRuns, TestEngine } from './support/engine.ts';

const engine = new TestEngine();

/** Stages with a shuffle as input, by the tasks they ran with. */
const reduceTasks = () =>
  engine.recorder
    .of('stage-submitted')
    .filter(({ stage }) => stage.parents.length > 0)
    .map(({ tasks }) => tasks);

describe('a hash join whose build side needs more memory than there is', () => {
  /** A row is one int: the table over them takes eight times their bytes, which were few enough to try. */
  const joined = (session: Session) => {
    const build = session.range(0, 1_600_000, 1, 2).selectExpr('cast(id * 3 as int) as k');
    const probe = session.range(0, 3_200_000, 1, 2).selectExpr('cast(id as int) as k', 'cast(id % 5 as int) as w');
    return build.join(probe, 'k').selectExpr('count(*) as n', 'sum(k % 7 * w) as s');
  };

  it('gives the same rows by sort-merge, and events show the failed attempts', async () => {
    // Neither would do with one failure counted.
    const conf = {
      'spark.sql.autoBroadcastJoinThreshold': '-1',
      'spark.sql.shuffle.partitions': '2',
      'spark.task.maxFailures': '1',
    };
    const roomy = await engine.start({ conf });
    const [expected] = await joined(roomy).collect();
    expect(engine.recorder.of('task-ended').filter((event) => event.outcome !== 'succeeded')).toEqual([]);

    const narrow = await engine.start({ conf: { ...conf, 'kiln.memory.budget': '16MB' } });
    const frame = joined(narrow);
    const [row] = await frame.collect();
    expect([...(row ?? [])]).toEqual([...(expected ?? [])]);
    const attempts = engine.recorder.of('task-ended').filter(({ task }) => task.stageId === 2);
    const told = attempts.map(({ task, outcome, error }) => [task.partition, task.attempt, outcome, error?.code ?? '']);
    expect(told.toSorted()).toEqual([
      [0, 0, 'failed', 'OUT_OF_MEMORY'],
      [0, 1, 'succeeded', ''],
      [1, 0, 'failed', 'OUT_OF_MEMORY'],
      [1, 1, 'succeeded', ''],
    ]);
    await expectNothingRuns(narrow);
  });
});

describe('small reduce partitions', () => {
  const conf = { 'spark.sql.shuffle.partitions': '20', 'spark.sql.autoBroadcastJoinThreshold': '-1' };
  const grouped = (session: Session) => session.range(0, 10_000, 1, 4).selectExpr('id % 100 as k').groupBy('k').count();
  const joined = (session: Session) => {
    const right = session.range(0, 200, 1, 2).selectExpr('id as k', 'id * 2 as w');
    return session.range(0, 10_000, 1, 4).selectExpr('id % 100 as k').join(right, 'k');
  };

  it('are read together, from exact sizes', async () => {
    const session = await engine.start({ conf });
    expect(await grouped(session).collect()).toHaveLength(100);
    expect(reduceTasks()).toEqual([1]);
    const { decisions } = engine.recorder.of('stage-submitted').at(-1) ?? {};
    expect(decisions).toEqual([expect.stringMatching(/^shuffle \d+: 20 partitions read by 1 task$/)]);
    engine.recorder.clear();
    // Both sides of a join by the same ranges.
    expect(await joined(session).collect()).toHaveLength(10_000);
    expect(reduceTasks()).toEqual([1]);
  });

  it('are as many tasks as there is data for', async () => {
    const sizes = {
      'spark.sql.adaptive.coalescePartitions.minPartitionSize': '16KB',
      'spark.sql.adaptive.advisoryPartitionSizeInBytes': '32KB',
    };
    const session = await engine.start({ conf: { ...conf, ...sizes } });
    const rows = await session.range(0, 20_000, 1, 4).repartition('id').collect();
    expect(rows).toHaveLength(20_000);
    const written = engine.recorder.of('task-ended').reduce((sum, { metrics }) => sum + metrics.shuffleWriteBytes, 0);
    const [tasks = 0] = reduceTasks();
    expect(tasks).toBeGreaterThanOrEqual(Math.ceil(written / (32 * 1024 * 1.2)));
    expect(tasks).toBeLessThan(20);
  });

  it.each(['spark.sql.adaptive.coalescePartitions.enabled', 'spark.sql.adaptive.enabled'])(
    'are a task each with %s off',
    async (name) => {
      const session = await engine.start({ conf: { ...conf, [name]: 'false' } });
      expect(await grouped(session).collect()).toHaveLength(100);
      expect(reduceTasks()).toEqual([20]);
      expect(engine.recorder.of('stage-submitted').flatMap((event) => event.decisions)).toEqual([]);
    },
  );

  it('are a task each after repartition(n), which asked for n', async () => {
    const session = await engine.start({ conf });
    expect(await session.range(100).repartition(7).collect()).toHaveLength(100);
    expect(reduceTasks()).toEqual([7]);
  });
});
