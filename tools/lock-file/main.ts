// `npm run fix` calls this after a dependency was added.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../native-build/paths.ts';
import { type LockPackages, missingPlatforms } from './platforms.ts';

const file = join(root, 'package-lock.json');
const lock = JSON.parse(readFileSync(file, 'utf8')) as { packages: LockPackages };
const missing = missingPlatforms(lock.packages);
if (Object.keys(missing).length > 0) {
  const all = Object.entries({ ...lock.packages, ...missing });
  lock.packages = Object.fromEntries(all.sort(([a], [b]) => a.localeCompare(b, 'en')));
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`      package-lock.json: ${Object.keys(missing).length} binaries of other platforms added`);
}
