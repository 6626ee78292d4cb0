import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { moduleFiles } from './module-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'kiln-module-files-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (path: string, text: string) => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
  return join(folder, path);
};

describe('the files of a module', () => {
  test('are those that it reaches by relative paths, each once', async () => {
    const entry = file(
      'app/main.ts',
      `import type { Session } from '@kiln/client';
import { a, type A } from './a.ts';
import type { T } from './types.ts';
export * from "../shared/b.js";
// import './commented.ts';
const text = "import './text.ts'";
const lazy = () => import('./lazy.mts');
const parser = new URL('./parse.ts', import.meta.url);
export default async (session: Session) => [a, text, lazy, parser] as A[];
`,
    );
    file(
      'app/a.ts',
      `import './main.ts';\nimport data from './data.json' with { type: 'json' };\nexport const a: number = 1;\nexport type A = unknown;\n`,
    );
    file('app/data.json', '{"import": "./none"}');
    file('app/lazy.mts', 'export {};');
    file('app/parse.ts', 'export const parse = (line: string) => line;');
    file('shared/b.js', 'export const b = 1;');
    const found = (await moduleFiles(entry)).map((path) => relative(folder, path));
    expect(found[0]).toBe('app/main.ts');
    expect(found.toSorted()).toEqual(
      ['app/a.ts', 'app/data.json', 'app/lazy.mts', 'app/main.ts', 'app/parse.ts', 'shared/b.js'].toSorted(),
    );
  });

  test.each([
    [`import './none.ts';`, /none\.ts is needed by .*entry\.ts and cannot be read$/],
    ['const x = ;{', /entry\.ts cannot be parsed: Unexpected token$/],
  ])('that cannot be had are an error: %s', async (text, message) => {
    await expect(moduleFiles(file('entry.ts', text))).rejects.toMatchObject({
      code: 'KILN_JOB_MODULE',
      message: expect.stringMatching(message),
    });
  });
});
