// The two generated files of @kiln/native, as text: written by `npm run gen`, compared by a test.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export function generatedFiles(addonFolder: string): { 'index.d.ts': string; 'index.js': string } {
  const read = (file: string) => readFileSync(join(addonFolder, 'dist', file), 'utf8');
  return { 'index.d.ts': read('index.d.ts'), 'index.js': loader(JSON.parse(read('exports.json')) as string[]) };
}

/** ES modules have no dynamic names: each export of the addon is written out. */
export function loader(names: readonly string[]): string {
  const list = names.map((name) => `  ${name},\n`).join('');
  return [
    '// Generated from native/addon/src by `npm run gen`: do not edit.',
    "import { loadAddon } from './load.js';",
    '',
    names.length > 0 ? `export const {\n${list}} = loadAddon();` : 'loadAddon();\nexport {};',
    '',
  ].join('\n');
}
