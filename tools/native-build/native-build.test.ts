import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { addonCache } from './cache.ts';
import { fingerprint } from './fingerprint.ts';
import { installAddon, isInstalled } from './install.ts';
import { withLock } from './lock.ts';
import { binaryName } from './paths.ts';
import { BuildProgress, crateName } from './progress.ts';
import { statusLine } from './status-line.ts';

const folder = mkdtempSync(join(tmpdir(), 'kiln-native-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(file: string, text: string): void {
  mkdirSync(join(folder, file, '..'), { recursive: true });
  writeFileSync(join(folder, file), text);
}

test('the fingerprint follows the sources and the compiler, not tests and documents', () => {
  write('Cargo.toml', 'a');
  write('native/query/src/lib.rs', 'a');
  const hash = () => fingerprint(folder, 'rustc 1');
  const first = hash();
  write('native/query/tests/it.rs', 'x');
  write('native/query/README.md', 'x');
  write('native/addon/index.js', 'x');
  write('native/tpch/src/main.rs', 'x');
  expect(hash()).toBe(first);
  expect(fingerprint(folder, 'rustc 2')).not.toBe(first);
  write('native/query/src/lib.rs', 'b');
  expect(hash()).not.toBe(first);
});

test('the cache keeps the entries last used, and the first of two equal ones', () => {
  const cache = addonCache(join(folder, 'cache'), 2);
  const fill = (name: string, text: string) => {
    write(`cache/building-${name}/${binaryName}`, text);
    return join(folder, 'cache', `building-${name}`);
  };
  for (const [index, name] of ['a', 'b', 'c'].entries()) {
    const entry = cache.store(name, fill(name, name));
    utimesSync(entry, index + 1, index + 1);
  }
  expect(cache.store('c', fill('again', 'other'))).toBe(cache.find('c'));
  cache.find('a');
  cache.prune();
  expect(readdirSync(join(folder, 'cache')).filter((name) => !name.startsWith('building-'))).toEqual(['a', 'c']);
});

test('an addon put there by hand is noticed, and does not reach the cache', () => {
  for (const file of [binaryName, 'index.d.ts', 'exports.json']) write(`entry/${file}`, 'built');
  mkdirSync(join(folder, 'addon'));
  installAddon(join(folder, 'entry'), 'h', join(folder, 'addon'));
  expect([isInstalled('h', join(folder, 'addon')), isInstalled('other', join(folder, 'addon'))]).toEqual([true, false]);
  write(`addon/${binaryName}`, 'by hand');
  expect(isInstalled('h', join(folder, 'addon'))).toBe(false);
  expect(readFileSync(join(folder, 'entry', binaryName), 'utf8')).toBe('built');
});

test('the lock: one at a time, and that of a dead process is taken over', async () => {
  const path = join(folder, 'x.lock');
  let inside = 0;
  const work = () =>
    withLock(path, async () => {
      expect(++inside).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 20));
      inside--;
    });
  await Promise.all([work(), work()]);
  expect(existsSync(path)).toBe(false);
  const { hostname } = await import('node:os');
  writeFileSync(path, `999999999 ${hostname()}`);
  await work();
});

test('progress counts crates, not build scripts, and leaves out what was there', () => {
  const artifact = (name: string, fresh: boolean, kind = 'lib') => ({
    reason: 'compiler-artifact',
    package_id: `registry+https://x#${name}@1.0.0`,
    fresh,
    target: { kind: [kind] },
    filenames: [],
  });
  const progress = new BuildProgress(new Set(['datafusion', 'parquet', 'serde']), 0);
  progress.finished(artifact('serde', true));
  progress.finished(artifact('parquet', false, 'custom-build'));
  progress.started('parquet', 1000);
  const before = progress.remaining(1000);
  progress.finished(artifact('datafusion', false));
  expect(progress.describe(61_000)).toMatch(/^1 of 2 crates, 1:01 elapsed, .* \(parquet\)$/);
  expect(progress.remaining(61_000)).toBeLessThan(before);
});

test('names in package ids', () => {
  expect(crateName('path+file:///x/native/query#kiln-query@0.1.0')).toBe('kiln-query');
  expect(crateName('path+file:///x/kiln-query#0.1.0')).toBe('kiln-query');
});

test('where there is no terminal, a line every 15 seconds', () => {
  const lines: string[] = [];
  let now = 0;
  const line = statusLine(
    { isTTY: false, write: (text: string) => lines.push(text) } as unknown as NodeJS.WriteStream,
    () => now,
  );
  for (now = 0; now <= 40_000; now += 1000) line.show(`${now}`);
  line.print('warning');
  line.clear();
  expect(lines.map((text) => text.trim()).filter(Boolean)).toEqual(['15000', '30000', 'warning']);
});
