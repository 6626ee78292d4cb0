// The quick checks also run as tests: a wrong arrow shows in `npm test`, not only in `npm run check`.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../native-build/paths.ts';
import { checkDocs } from './check-docs.ts';
import { checkExports } from './check-exports.ts';
import { checkHygiene } from './check-hygiene.ts';
import { checkInjection } from './check-injection.ts';
import { checkGraph, checkLayers } from './check-layers.ts';
import { checkManifests } from './check-manifests.ts';
import { checkSizes } from './check-sizes.ts';
import { nxGraph } from './nx-graph.ts';
import { workspacePackages } from './packages.ts';
import { describeProblem } from './problem.ts';
import { openRepository } from './repository.ts';

const repository = openRepository(root);

test.each([checkLayers, checkInjection, checkExports, checkSizes, checkDocs, checkHygiene, checkManifests])(
  'this repository passes %o',
  (check) => {
    const problems = check(repository).filter(({ warning }) => !warning);
    expect(problems.map(describeProblem)).toEqual([]);
  },
);

test('the project graph of Nx follows the layers', () => {
  expect(checkGraph(nxGraph(root), workspacePackages(repository)).map(describeProblem)).toEqual([]);
}, 60_000);

test('the linter finds nothing', () => {
  const biome = join(root, 'node_modules', '@biomejs', 'biome', 'bin', 'biome');
  const { status, stdout } = spawnSync(process.execPath, [biome, 'check', '.', '--reporter=github'], {
    cwd: root,
    encoding: 'utf8',
  });
  expect(stdout.split('\n').filter((line) => line.startsWith('::error'))).toEqual([]);
  expect(status).toBe(0);
}, 60_000);
