import { expect, test } from 'vitest';
import { checkExports } from './check-exports.ts';
import { checkInjection } from './check-injection.ts';
import { checkGraph, checkLayers } from './check-layers.ts';
import { workspacePackages } from './packages.ts';
import { fakeRepository } from './test-support/fake-repository.ts';

const manifest = (name: string, layer: string, dependencies: string[], devDependencies: string[] = []) =>
  JSON.stringify({
    name,
    exports: { '.': {}, './memory': {} },
    dependencies: Object.fromEntries(dependencies.map((each) => [each, '1'])),
    devDependencies: Object.fromEntries(devDependencies.map((each) => [each, '1'])),
    nx: { tags: [`layer:${layer}`] },
  });

const packages = {
  'libs/base/package.json': manifest('@kiln/base', 'base', ['@kiln/engine']),
  'libs/contracts/package.json': manifest('@kiln/contracts', 'contracts', ['@kiln/base', 'tsyringe']),
  'libs/engine/package.json': manifest(
    '@kiln/engine',
    'engine',
    ['@kiln/contracts', '@kiln/native'],
    ['@kiln/testing'],
  ),
  'libs/testing/package.json': manifest('@kiln/testing', 'testing', ['@kiln/engine']),
  'native/addon/package.json': manifest('@kiln/native', 'native', []),
};

function problemsOf(file: string, text: string): string[] {
  return checkLayers(fakeRepository({ ...packages, [file]: text })).map((problem) => problem.text);
}

test.each([
  ['libs/base/src/a.ts', "import '@kiln/engine';", 'base may not import engine'],
  ['libs/base/src/a.ts', "export * from '@kiln/engine';", 'base may not import engine'],
  ['libs/base/src/a.ts', "type T = import('@kiln/engine').T;", 'base may not import engine'],
  ['libs/base/src/a.ts', "await import('@kiln/engine');", 'base may not import engine'],
  ['libs/base/src/a.ts', "import pino from 'pino';", 'does not declare'],
  ['libs/base/src/a.ts', "import '../../engine/src/x.ts';", 'leaves its package'],
  ['libs/engine/src/memory/a.ts', "import '../shuffle/b.ts';", 'imports its sibling shuffle'],
  ['libs/engine/src/storage/a.ts', "import '@kiln/native';", 'is only for'],
  ['libs/engine/src/memory/a.ts', "import '@kiln/testing';", 'does not declare'],
  ['libs/contracts/src/plan/a.ts', "import { inject } from 'tsyringe';", 'is only for'],
  ['libs/engine/src/memory/a.ts', "import '@kiln/contracts/dist/x.js';", 'does not export'],
])('%s: %s is refused', (file, text, expected) => {
  expect(problemsOf(file, text)).toEqual([expect.stringContaining(expected)]);
});

test.each([
  ['libs/engine/src/memory/a.ts', "import '@kiln/contracts/memory'; import './b.ts'; import 'node:fs';"],
  ['libs/engine/src/memory/a.ts', "import '@kiln/native'; import '../native/index.ts';"],
  ['libs/engine/src/memory/a.test.ts', "import '@kiln/testing'; import 'vitest';"],
  ['libs/contracts/src/plugin/a.ts', "export { inject } from 'tsyringe';"],
])('%s: %s is allowed', (file, text) => {
  expect(problemsOf(file, text)).toEqual([]);
});

test('a declared arrow is judged even if no source uses it', () => {
  const graph = {
    dependencies: { '@kiln/base': [{ target: '@kiln/engine' }], '@kiln/engine': [{ target: '@kiln/testing' }] },
  };
  const problems = checkGraph(graph, workspacePackages(fakeRepository(packages)));
  expect(problems.map(({ text }) => text)).toEqual(['base may not depend on engine (@kiln/engine)']);
});

test('a package without a layer is refused', () => {
  const problems = checkLayers(fakeRepository({ 'libs/x/package.json': '{"name":"@kiln/x"}' }));
  expect(problems).toEqual([expect.objectContaining({ text: expect.stringContaining('no "layer:') })]);
});

test('an export without a room is refused', () => {
  const files = { ...packages, 'libs/base/src/index.ts': '', 'libs/base/src/memory/other.ts': '' };
  const problems = checkExports(fakeRepository(files)).filter(({ file }) => file.startsWith('libs/base'));
  expect(problems.map(({ text }) => text)).toEqual([
    'exports "./memory" but there is no libs/base/src/memory/index.ts',
  ]);
});

test('injection: every parameter has a token, nothing is global', () => {
  const check = (text: string) => checkInjection(fakeRepository({ 'a.ts': text })).map((problem) => problem.text);
  expect(check('@injectable() class A { constructor(@inject(T) readonly t: T, private u: U) {} }')).toEqual([
    expect.stringContaining('needs @inject(TOKEN)'),
  ]);
  expect(check('@singleton() class A {}')).toEqual([expect.stringContaining('global container')]);
  expect(
    check('@injectable() class A { constructor(@inject(T) readonly t: T) {} }\nclass B { constructor(u: U) {} }'),
  ).toEqual([]);
});
