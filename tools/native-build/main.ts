// Puts kiln.<platform>.node into native/addon: from the user's cache if this
// very source was built before (in any clone), else by cargo.
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildAddon } from './build-addon.ts';
import { addonCache } from './cache.ts';
import { CargoFailed } from './cargo.ts';
import { fingerprint } from './fingerprint.ts';
import { installAddon, isInstalled } from './install.ts';
import { withLock } from './lock.ts';

const hash = fingerprint();
const cache = addonCache();

async function build(): Promise<string> {
  // Another clone may have finished it while we waited for the lock.
  const found = cache.find(hash);
  if (found) return found;
  const scratch = mkdtempSync(join(cache.folder, 'building-'));
  try {
    await buildAddon(scratch);
    return cache.store(hash, scratch);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  const cached = cache.find(hash);
  if (cached && isInstalled(hash)) return console.log(`      the addon is current (${hash})`);
  if (cached) {
    installAddon(cached, hash);
    return console.log(`      taken from the cache: ${cached}`);
  }
  const started = Date.now();
  console.log(
    `      not built before (${hash}): cargo builds it. The very first time takes about 10 minutes on 2 cores.`,
  );
  installAddon(await withLock(join(cache.folder, `${hash}.lock`), build), hash);
  cache.prune();
  console.log(`      built in ${Math.round((Date.now() - started) / 1000)} s`);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof CargoFailed ? error.message : error);
  process.exitCode = 1;
}
