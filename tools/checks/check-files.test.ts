import { expect, test } from 'vitest';
import { checkDocs } from './check-docs.ts';
import { checkHygiene } from './check-hygiene.ts';
import { checkManifests } from './check-manifests.ts';
import { checkSizes } from './check-sizes.ts';
import { fakeRepository } from './test-support/fake-repository.ts';

const lines = (count: number) => 'x\n'.repeat(count);

test('sizes: a warning, then an error; generated files are free', () => {
  const files = {
    'a.ts': lines(451),
    'b.ts': lines(601),
    'c.rs': lines(801),
    'd.d.ts': lines(2000),
    'e.ts': lines(450),
  };
  const problems = checkSizes(fakeRepository(files));
  expect(problems.map(({ file, warning = false }) => [file, warning])).toEqual([
    ['a.ts', true],
    ['b.ts', false],
    ['c.rs', false],
  ]);
});

test('docs: paths, links and scripts that do not exist', () => {
  const text = [
    'See `libs/base/src/a.ts`, libs/base/ and `libs/{base,none}/src`.',
    'See `libs/base/src/gone.ts`.',
    '[good](../package.json) [web](https://example.org/libs/x) [bad](other.md)',
    '`npm run check` and `npm run nothing`',
    'built: `libs/base/dist/index.js`, not ours: `/etc/apps/x`',
  ].join('\n');
  const files = { 'docs/a.md': text, 'libs/base/src/a.ts': '', 'package.json': '{"scripts":{"check":""}}' };
  const problems = checkDocs(fakeRepository(files));
  expect(problems.map(({ line, text: what }) => [line, what])).toEqual([
    [2, 'names libs/base/src/gone.ts, which does not exist'],
    [3, 'links to other.md, which does not exist'],
    [4, 'names "npm run nothing", which package.json does not have'],
  ]);
});

test('hygiene: folders of one machine, hosts in the lock file, a lock file that does not fit', () => {
  const home = ['', 'home', 'someone', 'x'].join('/');
  const lock = { packages: { '': { dependencies: { a: '1' } }, 'node_modules/a': {} } };
  const files = {
    'a.ts': `const path = '${home}';`,
    'package.json': '{"dependencies":{"a":"2"}}',
    'package-lock.json': JSON.stringify(lock),
  };
  expect(checkHygiene(fakeRepository(files)).map(({ file }) => file)).toEqual(['package.json', 'a.ts']);
  const host = JSON.stringify({ packages: { 'node_modules/a': { resolved: 'https://registry.example' } } }, null, 1);
  expect(checkHygiene(fakeRepository({ 'package-lock.json': host }))).toHaveLength(1);
});

test('manifests: what a package is, its licence, its Node.js, what it publishes', () => {
  const good = { description: 'd', license: 'Apache-2.0', engines: { node: '>=24' }, files: ['dist'], exports: {} };
  const files = {
    'package.json': JSON.stringify({ ...good, private: true, engines: { node: '>=20' } }),
    'libs/a/package.json': JSON.stringify(good),
    'libs/b/package.json': JSON.stringify({ ...good, license: 'MIT', engines: { node: '>=20' } }),
    'apps/c/package.json': JSON.stringify({ license: 'Apache-2.0', engines: good.engines }),
    'apps/c/fixtures/package.json': '{}',
  };
  expect(checkManifests(fakeRepository(files)).map(({ file, text }) => `${file} ${text}`)).toEqual([
    'apps/c/package.json has no "description"',
    'apps/c/package.json is published without "files" and "exports"',
    'libs/b/package.json "license" is not Apache-2.0',
    'libs/b/package.json "engines.node" is not ">=24"',
  ]);
});
