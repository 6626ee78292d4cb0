/** Writes the TypeScript of the protobuf definitions (`proto/`). Part of `npm run gen`; `generated.test.ts` compares. */
import { execFileSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const bin = join(root, 'node_modules/.bin');
const output = process.argv[2];

execFileSync(join(bin, 'buf'), ['generate', ...(output === undefined ? [] : ['--output', output])], {
  cwd: fileURLToPath(new URL('../', import.meta.url)),
  env: { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` },
  stdio: 'inherit',
});
