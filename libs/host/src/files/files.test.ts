import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Settings } from '@kiln/base';
import { afterAll, describe, expect, test } from 'vitest';
import { readApplicationFiles } from './application-files.ts';
import { FilesFolder } from './files-folder.ts';

const root = mkdtempSync(join(tmpdir(), 'kiln-files-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
mkdirSync(join(root, 'other'));
const [one, same, two] = ['a.csv', 'other/a.csv', 'b.csv'].map((name) => join(root, name)) as [string, string, string];
writeFileSync(one, 'one');
writeFileSync(same, 'same');
writeFileSync(two, 'one');
const local = join(root, 'local');
const settings = (...files: readonly string[]) =>
  Settings.from({ 'spark.files': files.join(','), 'spark.local.dir': local }).settings;

describe('the files of an application', () => {
  test('travel under the hash of their content', async () => {
    const files = await readApplicationFiles(settings(one, two));
    expect(files.map(({ name, bytes }) => [name, Buffer.from(bytes).toString()])).toEqual([
      ['a.csv', 'one'],
      ['b.csv', 'one'],
    ]);
    expect(files[0]?.hash).toBe(files[1]?.hash);
    expect(await readApplicationFiles(settings())).toEqual([]);
  });

  test('are in one folder while executors of this process run', async () => {
    const folder = await FilesFolder.link(settings(one, two, one));
    expect(readdirSync(folder?.path ?? '').sort()).toEqual(['a.csv', 'b.csv']);
    expect(readFileSync(join(folder?.path ?? '', 'a.csv'), 'utf8')).toBe('one');
    await folder?.remove();
    expect(readdirSync(local)).toEqual([]);
    expect(existsSync(one)).toBe(true);
    expect(await FilesFolder.link(settings())).toBeNull();
  });

  test('are written by an executor of its own process, below its folder only', async () => {
    const folder = await FilesFolder.write(join(root, 'executor'), [{ name: 'a.csv', bytes: Buffer.from('x') }]);
    expect(readFileSync(join(root, 'executor/files/a.csv'), 'utf8')).toBe('x');
    await folder?.remove();
    const up = FilesFolder.write(join(root, 'executor'), [{ name: '../a.csv', bytes: Buffer.from('x') }]);
    await expect(up).rejects.toMatchObject({ code: 'KILN_FILES' });
  });

  test('that cannot be had are an error', async () => {
    const missing = join(root, 'none');
    await expect(readApplicationFiles(settings(missing))).rejects.toMatchObject({ concerns: { file: missing } });
    await expect(FilesFolder.link(settings(missing))).rejects.toMatchObject({ code: 'KILN_FILES' });
    expect(existsSync(local) ? readdirSync(local) : []).toEqual([]);
    await expect(readApplicationFiles(settings(one, same))).rejects.toMatchObject({
      message: `spark.files names two files 'a.csv': ${one} and ${same}`,
    });
  });
});
