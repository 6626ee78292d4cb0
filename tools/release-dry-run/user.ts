// The user's side: an empty folder, tarballs instead of a registry for our packages.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { root } from '../native-build/paths.ts';
import { npm } from './npm.ts';
import type { Packed } from './pack.ts';

/** What a user installs by name: the command, and what programs import. */
const DIRECT = ['@kiln/cli', '@kiln/client'];
const EXAMPLE = join(root, 'apps', 'examples', 'quickstart');

export function installTarballs(folder: string, packed: readonly Packed[]): void {
  const specs = Object.fromEntries(packed.map(({ name, file }) => [name, `file:../tarballs/${file}`]));
  const manifest = {
    name: 'a-user-of-kiln',
    private: true,
    type: 'module',
    dependencies: Object.fromEntries(DIRECT.map((name) => [name, specs[name]])),
    // Our packages ask for each other by version; none of them is in a registry yet.
    overrides: Object.fromEntries(Object.entries(specs).filter(([name]) => !DIRECT.includes(name))),
    // A user adds what the examples import: the dependencies of apps/examples that are not ours.
    ...exampleDependencies(),
    allowScripts: { node: true },
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest, null, 2));
  npm(['install', '--no-audit', '--no-fund'], folder);
}

function exampleDependencies(): { devDependencies: Record<string, string> } {
  const { dependencies = {} } = JSON.parse(readFileSync(join(root, 'apps', 'examples', 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>;
  };
  return {
    devDependencies: Object.fromEntries(Object.entries(dependencies).filter(([name]) => !name.startsWith('@kiln/'))),
  };
}

export function copiesOf(folder: string, name: string): string[] {
  return globSync(`**/node_modules/${name}/package.json`, { cwd: folder });
}

export function runQuickstart(folder: string): void {
  if (!existsSync(join(EXAMPLE, 'job.yaml'))) throw new Error('apps/examples/quickstart/job.yaml is missing');
  cpSync(EXAMPLE, join(folder, 'quickstart'), { recursive: true });
  const paths = (process.env['PATH'] ?? '').split(delimiter);
  const bare = paths.filter(
    (each) => !each.startsWith(root) && !['cargo', 'rustc'].some((tool) => existsSync(join(each, tool))),
  );
  const env = {
    PATH: [join(folder, 'node_modules', '.bin'), ...bare].join(delimiter),
    HOME: folder,
    DATA: join(folder, 'node_modules', 'vega-datasets', 'data'),
  };
  const { status } = spawnSync('kiln', ['run', 'quickstart/job.yaml'], { cwd: folder, env, stdio: 'inherit' });
  if (status !== 0) throw new Error(`"kiln run quickstart/job.yaml" ended with exit code ${status}`);
}
