import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from '../native-build/paths.ts';
import { pages } from './pages.ts';

for (const [file, generate] of Object.entries(pages)) {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), generate());
  console.log(`      ${file}`);
}
