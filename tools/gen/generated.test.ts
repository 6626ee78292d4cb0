// What is generated and committed is what would be generated now.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { addonFolder, root } from '../native-build/paths.ts';
import { generatedFiles, loader } from './native-files.ts';
import { pages } from './pages.ts';

const hint = 'run "npm run gen" and commit the result';

test.each(Object.entries(pages))('%s is current', (file, generate) => {
  expect(readFileSync(join(root, file), 'utf8'), hint).toBe(generate());
});

// native-build puts what napi-derive declares beside the binary.
test.skipIf(!existsSync(join(addonFolder, 'dist', 'index.d.ts')))(
  'the types and exports of @kiln/native are those of the addon',
  () => {
    for (const [file, text] of Object.entries(generatedFiles(addonFolder)))
      expect(readFileSync(join(addonFolder, file), 'utf8'), hint).toBe(text);
  },
);

test('the loader names each export', () => {
  expect(loader(['a', 'B'])).toContain('export const {\n  a,\n  B,\n} = loadAddon();\n');
  expect(loader([])).toContain('export {};');
});
