import { rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { filesUnder, slowNumbers, TestEngine } from './support/engine.ts';

const engine = new TestEngine();

const blockFiles = () => filesUnder(engine.localDir).filter((file) => file.endsWith('.kshf'));
const damages: [string, (file: string) => void][] = [
  ['is gone', (file) => rmSync(file)],
  ['is cut off', (file) => writeFileSync(file, Buffer.alloc(100, 7))],
];

describe.each(damages)('a shuffle file that %s', (_name, damage) => {
  it('is made again, and the rows are right', async () => {
    const session = await engine.start({ conf: { 'kiln.shuffle.forceFile': 'true' } });
    const frame = session.range(0, 1_000, 1, 4).selectExpr('id % 7 as k', 'id').groupBy('k').count();
    const before = (await frame.collect()).map((row) => [...row]);
    const files = blockFiles();
    expect(files).toHaveLength(4);
    damage(files[1] ?? '');
    engine.recorder.clear();
    expect((await frame.collect()).map((row) => [...row])).toEqual(before);
    const submitted = engine.recorder.of('stage-submitted').map(({ stage, tasks }) => `${stage.kind} ${tasks}`);
    expect(submitted.filter((stage) => stage.startsWith('shuffle-map'))).toEqual(['shuffle-map 1']);
    expect(
      engine.recorder
        .of('task-ended')
        .filter((event) => event.outcome === 'failed')
        .map((event) => event.error?.code),
    ).toEqual(['FETCH_FAILED']);
  });

  it('of rows that are others in each run is made again with all its neighbours', async () => {
    const session = await engine.start({
      conf: { 'kiln.shuffle.forceFile': 'true', 'spark.sql.adaptive.coalescePartitions.enabled': 'false' },
    });
    const frame = session.range(0, 2000, 1, 2).repartition(4).selectExpr('id', 'rand() as r').repartition(3, 'r');
    await frame.collect();
    damage(blockFiles().filter((file) => file.includes('shuffle_1_'))[2] ?? '');
    engine.recorder.clear();
    const ids = (await frame.collect()).map((row) => Number(row['id']));
    expect(ids.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 2_000 }, (_, id) => id));
    const maps = engine.recorder.of('stage-submitted').filter(({ stage }) => stage.kind === 'shuffle-map');
    expect(maps.map(({ tasks }) => tasks)).toEqual([4]);
  });
});

it('an output that comes back with other rows voids what was made of the lost one', async () => {
  const session = await engine.start({
    conf: { 'kiln.shuffle.forceFile': 'true', 'spark.sql.adaptive.coalescePartitions.enabled': 'false' },
  });
  // Whole chunks are shifted: the answer shows whether old and new rows were mixed.
  const numbers = slowNumbers(session, { splits: 2, chunks: 1, delay: 0, shifts: 1_000 });
  const frame = numbers.repartition(4, 'n').selectExpr('n % 5 as k', 'n').repartition(3, 'k');
  const values = async () => (await frame.collect()).map((row) => Number(row['n'])).sort((a, b) => a - b);
  expect(await values()).toEqual(Array.from({ length: 20 }, (_, n) => n));
  const shuffles = [...new Set(blockFiles().map((file) => /shuffle_\d+_/.exec(file)?.[0] ?? ''))].sort();
  expect(shuffles).toHaveLength(2);
  for (const shuffle of shuffles) rmSync(blockFiles().filter((file) => file.includes(shuffle))[0] ?? '');
  engine.recorder.clear();
  const again = await values();
  // The lost split was read again, the other was not; of the second shuffle all four tasks ran, though one output was lost.
  expect(again.filter((n) => n >= 1_000)).toHaveLength(10);
  expect(new Set(again).size).toBe(20);
  const done = engine.recorder.of('task-ended').filter(({ outcome }) => outcome === 'succeeded');
  const byStage = Map.groupBy(done, ({ task }) => task.stageId);
  expect([...byStage.values()].map((tasks) => tasks.length)).toEqual([1, 4, 3]);
});
