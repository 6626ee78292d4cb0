import { rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { filesUnder, TestEngine } from '../support/engine.ts';

const engine = new TestEngine();

/** Stages that ran, and those that were skipped: `shuffle-map 2` is one of two tasks. */
const ran = () => engine.recorder.of('stage-submitted').map(({ stage, tasks }) => `${stage.kind} ${tasks}`);
const skipped = () => engine.recorder.of('stage-skipped').length;

describe('the lineage of an RDD', () => {
  it('is cut at its shuffles: word count has two stages', async () => {
    const { sparkContext } = await engine.start();
    const counts = sparkContext
      .parallelize(['to be or not', 'to be'], 2)
      .flatMap((line) => line.split(' '))
      .map((word): [string, number] => [word, 1])
      .reduceByKey((a, b) => a + b);
    expect(await counts.count()).toBe(4);
    expect(ran()).toEqual(['shuffle-map 2', 'result 2']);
    expect(engine.recorder.of('job-started').map(({ stages }) => stages.map(({ name }) => name))).toEqual([
      ['map < flatMap < parallelize', 'reduceByKey'],
    ]);
    const rows = engine.recorder.of('task-ended').map(({ metrics }) => metrics.shuffleWriteRows);
    // Combined before the shuffle: "to be or not" has 4 words, "to be" 2.
    expect(rows.toSorted()).toEqual([0, 0, 2, 4]);
  });

  it('is not run again where its outputs are', async () => {
    const { sparkContext } = await engine.start();
    const sums = sparkContext
      .range(0, 100, 1, 4)
      .map((n): [number, number] => [n % 5, n])
      .reduceByKey((a, b) => a + b);
    const first = await sums.collect();
    engine.recorder.clear();
    expect(await sums.collect()).toEqual(first);
    expect(await sums.filter(([key]) => key === 1).count()).toBe(1);
    expect(ran()).toEqual(['result 4', 'result 4']);
    expect(skipped()).toBe(2);
  });

  it('needs no shuffle to join what is partitioned alike', async () => {
    const { sparkContext } = await engine.start();
    const pairs = sparkContext.range(0, 40, 1, 4).map((n): [number, number] => [n % 10, n]);
    const left = pairs.partitionBy(3);
    const right = pairs
      .mapValues((n) => -n)
      .partitionBy(3)
      .mapValues((n) => n * 2);
    const joined = left.join(right);
    expect(await joined.count()).toBe(160);
    // One for each partitionBy, and none for the join.
    expect(ran()).toEqual(['shuffle-map 4', 'shuffle-map 4', 'result 3']);
    engine.recorder.clear();
    expect(await left.reduceByKey((a, b) => a + b).count()).toBe(10);
    expect(ran()).toEqual(['result 3']);
    engine.recorder.clear();
    expect(await left.join(pairs.partitionBy(2)).count()).toBe(160);
    expect(ran().filter((stage) => stage.startsWith('shuffle-map'))).toHaveLength(2);
  });

  it('makes only lost outputs again', async () => {
    const { sparkContext } = await engine.start({ conf: { 'kiln.shuffle.forceFile': 'true' } });
    const sums = sparkContext
      .range(0, 1_000, 1, 4)
      .map((n): [number, number] => [n % 50, n])
      .reduceByKey((a, b) => a + b);
    const before = await sums.collect();
    const files = filesUnder(engine.localDir).filter((file) => file.endsWith('.kshf'));
    expect(files).toHaveLength(4);
    rmSync(files[2] ?? '');
    engine.recorder.clear();
    expect(await sums.collect()).toEqual(before);
    expect(ran().filter((stage) => stage.startsWith('shuffle-map'))).toEqual(['shuffle-map 1']);
  });

  it('shows itself as Spark does', async () => {
    const { sparkContext } = await engine.start();
    const sums = sparkContext
      .range(0, 10, 1, 4)
      .keyBy((n) => n % 3)
      .groupByKey({ numPartitions: 2 });
    const text = (await sums.mapValues((all) => all.length).toDebugString()).replaceAll(/ at \S+| \[\d+\]/g, '');
    expect(text).toBe(
      '(2) mapValues\n  | groupByKey\n +-(4) keyBy\n    | range'.replace('    | range', '     | range'),
    );
  });
});
