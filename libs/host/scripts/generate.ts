/** Writes the JSON Schema of event logs. Part of `npm run gen`. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { eventLogSchema } from '../src/event-log/schema.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const file = 'docs/reference/event-log.schema.json';
writeFileSync(root + file, `${JSON.stringify(eventLogSchema(), null, 2)}\n`);
execFileSync('node_modules/.bin/biome', ['format', '--write', file], {
  cwd: root,
  stdio: ['ignore', 'ignore', 'inherit'],
});
process.stdout.write(`      ${file}\n`);
