import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { applicationFile } from './files.ts';

const folder = mkdtempSync(join(tmpdir(), 'kiln-files-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, 'a.csv'), '');
const conf = { 'spark.files': `${join(folder, 'a.csv')}, ${join(folder, 'gone.csv')}` };

test('a file that the application brought is found by its name', () => {
  expect(applicationFile('a.csv', conf)).toBe(join(folder, 'a.csv'));
});

test.each([
  ['a.cvs', conf, "Did you mean 'a.csv'?"],
  ['other', conf, 'It brought: a.csv, gone.csv.'],
  ['a.csv', {}, 'Name it with --files of kiln submit, or in the setting spark.files.'],
])('%s is not among them', (name, given, hint) => {
  expect(() => applicationFile(name, given)).toThrow(expect.objectContaining({ code: 'KILN_ARGUMENT', hint }));
});

test('one that is gone is told', () => {
  expect(() => applicationFile('gone.csv', conf)).toThrow('which spark.files names, is not there');
});
