// Puts kiln.<platform>.node into native/addon: from the user's cache if this
// very source was built before (in any clone), else by cargo.
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { addonCache } from './cache.ts';
import { buildAddon } from './build-addon.ts';
import { fingerprint } from './fingerprint.ts';
import { installAddon, installedHash } from './install.ts';
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

const cached = cache.find(hash);
if (cached && installedHash() === hash) {
  console.log(`      the addon is current (${hash})`);
} else if (cached) {
  installAddon(cached, hash);
  console.log(`      taken from the cache: ${cached}`);
} else {
  const started = Date.now();
  console.log(`      not built before (${hash}): building with cargo. The first build takes 10 to 20 minutes on 2 cores.`);
  installAddon(await withLock(join(cache.folder, `${hash}.lock`), build), hash);
  cache.prune();
  console.log(`      built in ${Math.round((Date.now() - started) / 1000)} s`);
}
