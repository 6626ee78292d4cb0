/** Writes what is generated from the client: column functions, and the JSON Schema of job files. Part of `npm run gen`. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { jobSchema } from '../src/job-file/definition.ts';
import { functionGroups } from './functions/groups.ts';
import { renderGroup } from './functions/render.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const files = new Map(
  functionGroups.map((group) => [`libs/client/src/functions/generated/${group.name}.ts`, renderGroup(group)]),
);
files.set('docs/reference/job.schema.json', `${JSON.stringify(jobSchema(), null, 2)}\n`);

mkdirSync(`${root}docs/reference`, { recursive: true });
for (const [file, text] of files) writeFileSync(root + file, text);
execFileSync('node_modules/.bin/biome', ['format', '--write', ...files.keys()], {
  cwd: root,
  stdio: ['ignore', 'ignore', 'inherit'],
});
for (const file of files.keys()) process.stdout.write(`      ${file}\n`);
