// The one entry of every npm script. Plain JavaScript for Node 20 and nothing
// else: it runs in a fresh clone, before `npm ci`. What needs packages is in
// TypeScript and runs on the Node 24 that `npm ci` brings.
import { say, steps } from './bootstrap/console.mjs';
import { installDependencies } from './bootstrap/install.mjs';
import { checkPrerequisites } from './bootstrap/prerequisites.mjs';
import { node24, nx, quietly, run } from './bootstrap/run.mjs';

const QUICKSTART = 'apps/examples/quickstart/job.yaml';

const prerequisites = ['Check prerequisites', checkPrerequisites];
const dependencies = ['Install npm packages', installDependencies];
const typescript = ['Build TypeScript', () => nx(['run', 'kiln:build'])];
const addon = ['Get the native addon', () => node24(['tools/native-build/main.ts'])];
const setup = [prerequisites, dependencies, typescript, addon];

const failures = [];
const commands = {
  setup: () => [...setup, ['Ready', () => say('try: npx kiln --help, npm test, npm run check')]],
  start: () => [...setup, [`Run ${QUICKSTART}`, () => node24(['apps/cli/bin/kiln.js', 'run', QUICKSTART])]],
  build: () => [dependencies, typescript, addon],
  // A type error or a Rust error is one failed test: the others still run and are counted.
  test: (args) => [
    prerequisites,
    dependencies,
    [...typescript, true],
    [...addon, true],
    [
      'Run the tests',
      () => quietly(node24(['tools/run-tests/main.ts', ...args], { KILN_SETUP_FAILED: failures.join(', ') })),
    ],
  ],
  check: () => [...setup, ['Run the checks', () => quietly(nx(['run', 'kiln:check', '--outputStyle=static']))]],
  fix: () => [
    dependencies,
    ['Format TypeScript', () => node24(['node_modules/@biomejs/biome/bin/biome', 'check', '--write', '.'])],
    ['Complete the lock file', () => node24(['tools/lock-file/main.ts'])],
    ['Format Rust', () => run('cargo', ['fmt', '--all'])],
  ],
  // Types and sources first: TypeScript may not compile without them.
  gen: () => [
    dependencies,
    addon,
    ['Generate the types of the addon', () => node24(['tools/gen/native-types.ts'])],
    ['Generate the sources of packages', () => node24(['tools/gen/packages.ts'])],
    typescript,
    ['Generate the reference pages', () => node24(['tools/gen/main.ts'])],
  ],
  bench: (args) => [...setup, ['Run the benchmarks', () => node24(['apps/bench/dist/main.js', ...args])]],
  chaos: (args) => [...setup, ['Break things', () => quietly(node24(['apps/e2e/src/chaos/main.ts', ...args]))]],
  'release:dry-run': () => [...setup, ['Pack, install, run', () => node24(['tools/release-dry-run/main.ts'])]],
};

const [name = '', ...args] = process.argv.slice(2);
const command = commands[name];
if (!command) {
  console.error(`kiln: unknown command "${name}"; there are: ${Object.keys(commands).join(', ')}`);
  process.exit(2);
}
const { code, told } = await steps(`npm run ${name}`, command(args), failures);
// Whoever reads the last line of a test run finds the counts there, even if it did not come to the tests.
if (name === 'test' && !told) console.log('0 passed, 1 failed');
process.exitCode = code;
