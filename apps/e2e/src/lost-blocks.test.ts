import { rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { filesUnder, TestEngine } from './support/engine.ts';

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
