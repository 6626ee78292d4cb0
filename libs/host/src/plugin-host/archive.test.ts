import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { packPlugin, unpackPlugin } from './archive.ts';
import { loadPlugins } from './load.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kiln-archive-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function write(file: string, text: string): void {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
}

function writePlugin(): string {
  const dependencies = { adder: '1.0.0', '@kiln/base': '0.1.0' };
  const kiln = { plugin: { id: 'shipped', apiVersion: 1, roles: ['executor'] } };
  write(
    'app/node_modules/shipped/package.json',
    JSON.stringify({ name: 'shipped', version: '1.2.3', type: 'module', main: 'index.js', dependencies, kiln }),
  );
  write(
    'app/node_modules/shipped/index.js',
    `import { definePlugin } from '@kiln/contracts/plugin';
     import add from 'adder';
     export default definePlugin({ id: 'shipped', contracts: '^0.1.0', roles: ['executor'], register: () => add(1) });`,
  );
  write(
    'app/node_modules/adder/package.json',
    JSON.stringify({ name: 'adder', version: '1.0.0', main: 'index.js', dependencies: { one: '*' } }),
  );
  write('app/node_modules/adder/index.js', 'module.exports = (n) => n + require("one");');
  write('app/node_modules/adder/node_modules/one/package.json', JSON.stringify({ name: 'one', main: 'index.js' }));
  write('app/node_modules/adder/node_modules/one/index.js', 'module.exports = 1;');
  write('app/node_modules/unrelated/package.json', JSON.stringify({ name: 'unrelated' }));
  return join(root, 'app/node_modules/shipped');
}

it('a plugin is packed with what it depends on, and loads where it is unpacked', async () => {
  const { bytes } = await packPlugin(writePlugin());
  rmSync(join(root, 'app'), { recursive: true });
  const directory = await unpackPlugin(bytes, join(root, 'elsewhere'));
  const [loaded] = await loadPlugins([directory], root, 'executor');
  expect(loaded?.found).toMatchObject({ id: 'shipped', version: '1.2.3' });
  // It imports its dependency, that one its own, and Kiln's contracts of this installation.
  loaded?.plugin.register({} as never);
  expect(bytes.toString()).not.toContain('unrelated');
});

it('the same files have the same hash, other files another', async () => {
  const directory = writePlugin();
  const first = await packPlugin(directory);
  const again = await packPlugin(directory);
  expect(again.hash).toBe(first.hash);
  writeFileSync(join(directory, 'index.js'), `${readFileSync(join(directory, 'index.js'), 'utf8')}\n`);
  expect((await packPlugin(directory)).hash).not.toBe(first.hash);
});
