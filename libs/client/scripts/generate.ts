/** Writes what is generated: the column functions. `node libs/client/scripts/generate.ts` */
import { writeFileSync } from 'node:fs';
import { functionGroups } from './functions/groups.ts';
import { renderGroup } from './functions/render.ts';

for (const group of functionGroups) {
  writeFileSync(new URL(`../src/functions/generated/${group.name}.ts`, import.meta.url), renderGroup(group));
}
