// npm run check calls this once per name: node tools/checks/main.ts layers|sizes|docs|…
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
import { describeProblem, type Problem } from './problem.ts';
import { openRepository, type Repository } from './repository.ts';

const checks: Record<string, (repository: Repository) => Problem[]> = {
  layers: (repository) => [
    ...checkLayers(repository),
    ...checkInjection(repository),
    ...checkExports(repository),
    ...checkGraph(nxGraph(repository.root), workspacePackages(repository)),
  ],
  sizes: checkSizes,
  docs: (repository) => [...checkDocs(repository), ...checkHygiene(repository), ...checkManifests(repository)],
};

const [name = ''] = process.argv.slice(2);
const check = checks[name];
if (!check) throw new Error(`no check "${name}"; there are: ${Object.keys(checks).join(', ')}`);
const problems = check(openRepository(root));
for (const problem of problems) console.log(describeProblem(problem));
const failed = problems.filter(({ warning }) => !warning).length;
console.log(failed === 0 ? `${name}: good` : `${name}: ${failed} problems`);
process.exitCode = failed === 0 ? 0 : 1;
