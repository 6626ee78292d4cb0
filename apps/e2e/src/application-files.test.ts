// Files that an application brings (spark.files, --files), where executors find them.
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { filesUnder, TestEngine } from './support/engine.ts';
import { fixturePlugin } from './support/paths.ts';

const engine = new TestEngine();
const plugins = [fixturePlugin('file-source')];

describe.each(['local[2]', 'local-cluster[2,1,1024]'])('on %s', (master) => {
  it('every executor has them in one folder, as they are, and none is left', async () => {
    writeFileSync(engine.path('small.txt'), 'abc');
    writeFileSync(engine.path('large.bin'), Buffer.alloc(3_000_000, 7));
    const files = ['small.txt', 'large.bin'].map((name) => engine.path(name));
    const session = await engine.start({ master, plugins, conf: { 'spark.files': files.join(',') } });
    expect(readFileSync(session.file('small.txt'), 'utf8')).toBe('abc');
    const paths = Array.from({ length: 4 }, (_, index) => ['/small.txt', '/large.bin'][index % 2] as string);
    const rows = await session.read
      .format('file-lengths')
      .load(...paths)
      .collect();
    expect(rows.map((row) => row['n']).toSorted()).toEqual([3, 3, 3_000_000, 3_000_000]);
    await session.stop();
    expect(filesUnder(engine.localDir)).toEqual([]);
  });

  it('a file that is not there fails the start', async () => {
    const conf = { 'spark.files': engine.path('none.txt') };
    await expect(engine.start({ master, plugins, conf })).rejects.toMatchObject({
      code: 'KILN_FILES',
      message: expect.stringContaining('none.txt'),
    });
  });
});
