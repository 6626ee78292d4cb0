import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { dependenciesAreCurrent } from './install.mjs';
import { atLeast, problemsWith } from './prerequisites.mjs';

const folder = mkdtempSync(join(tmpdir(), 'kiln-bootstrap-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('versions are compared by number', () => {
  expect([
    atLeast('1.94.0', '1.94'),
    atLeast('1.100.0', '1.94'),
    atLeast('1.9.0', '1.94'),
    atLeast('20.1', '20'),
  ]).toEqual([true, true, false, true]);
});

test('each missing prerequisite is named, with what to do', () => {
  const good = { node: '20.20.2', rustc: '1.95.0', cc: 'cc', wantedRust: '1.94' };
  expect(problemsWith(good)).toEqual([]);
  expect(problemsWith({ ...good, node: '18.0.0' })[0]).toContain('Node.js 20');
  expect(problemsWith({ ...good, rustc: undefined })[0]).toContain('rustup.rs');
  expect(problemsWith({ ...good, rustc: '1.80.1' })[0]).toContain('rustup update');
  expect(problemsWith({ ...good, cc: undefined })[0]).toContain('build-essential');
});

test('npm ci runs when a version differs, not when only another platform is missing', () => {
  const write = (file: string, packages: object) => writeFileSync(join(folder, file), JSON.stringify({ packages }));
  mkdirSync(join(folder, 'node_modules'));
  write('package-lock.json', {
    'node_modules/a': { version: '1' },
    'node_modules/a-darwin': { version: '1', optional: true },
  });
  expect(dependenciesAreCurrent(folder)).toBe(false);
  write('node_modules/.package-lock.json', { 'node_modules/a': { version: '1' } });
  expect(dependenciesAreCurrent(folder)).toBe(true);
  write('node_modules/.package-lock.json', { 'node_modules/a': { version: '2' } });
  expect(dependenciesAreCurrent(folder)).toBe(false);
});
