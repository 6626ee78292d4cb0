// What a user of a release would get: packs every public package and the one of this
// platform, installs the tarballs in an empty folder, and runs the quickstart there
// with no Rust toolchain in reach.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packAll } from './pack.ts';
import { copiesOf, installTarballs, runQuickstart } from './user.ts';

const folder = mkdtempSync(join(tmpdir(), 'kiln-release-'));
const keep = process.argv.includes('--keep');
try {
  const tarballs = join(folder, 'tarballs');
  mkdirSync(tarballs);
  const packed = packAll(tarballs, folder);
  for (const { name, file, bytes } of packed) console.log(`      ${name}: ${file}, ${(bytes / 1e6).toFixed(1)} MB`);

  const user = join(folder, 'user');
  mkdirSync(user);
  installTarballs(user, packed);
  for (const name of ['@kiln/contracts', 'tsyringe']) {
    const copies = copiesOf(user, name);
    if (copies.length !== 1)
      throw new Error(`exactly one ${name} must be installed, found: ${copies.join(', ') || 'none'}`);
    console.log(`      one ${name}: ${copies[0]}`);
  }
  runQuickstart(user);
  console.log('      the quickstart ran from the packed release');
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  if (keep) console.log(`      kept: ${folder}`);
  else rmSync(folder, { recursive: true, force: true });
}
