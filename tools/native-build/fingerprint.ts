// One hash over everything that decides what the addon's bytes are.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { PROFILE, root } from './paths.ts';

/** Not part of the addon: its npm side, the tests of the crates, and a tool of the benchmarks. */
const IGNORED = /^native\/(tpch\/|addon\/(?!src\/|Cargo\.toml$|build\.rs$)|[^/]+\/(tests|benches|testdata)\/)|\.md$/;

function addonSources(base: string): string[] {
  const files = ['Cargo.toml', 'Cargo.lock', '.cargo/config.toml'].filter((file) => existsSync(join(base, file)));
  for (const entry of readdirSync(join(base, 'native'), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = relative(base, join(entry.parentPath, entry.name)).split(sep).join('/');
    if (!IGNORED.test(file) && !file.includes('/target/')) files.push(file);
  }
  return files.sort();
}

function compiler(): string {
  const { status, stdout } = spawnSync('rustc', ['-vV'], { encoding: 'utf8' });
  if (status !== 0) throw new Error('"rustc -vV" failed: is the Rust toolchain complete?');
  return stdout;
}

export function fingerprint(base = root, rustc = compiler()): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify(['addon 1', PROFILE, rustc, process.env['RUSTFLAGS'] ?? '']));
  for (const file of addonSources(base)) {
    const bytes = readFileSync(join(base, file));
    // Lengths keep two neighbours from being read as one file.
    hash.update(`${file}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest('hex').slice(0, 20);
}
