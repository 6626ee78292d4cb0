import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { functionGroups } from '../../scripts/functions/groups.ts';
import { renderGroup } from '../../scripts/functions/render.ts';

/** Without what the formatter decides. */
const bare = (text: string) => text.replace(/\s+/g, '').replace(/,(?=[)\]}])/g, '');

test.each(functionGroups.map((group) => [group.name, group] as const))('%s are as in the table', (name, group) => {
  const generated = readFileSync(new URL(`./generated/${name}.ts`, import.meta.url), 'utf8');
  expect(bare(generated), 'run: npm run gen -w @kiln/client').toBe(bare(renderGroup(group)));
});

test('nothing else is generated, and no name is there twice', () => {
  const files = readdirSync(new URL('./generated/', import.meta.url));
  expect(files.sort()).toEqual(functionGroups.map((group) => `${group.name}.ts`).sort());
  const names = functionGroups.flatMap((group) => group.rows.map(([name]) => name));
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

test('every name is in the contract of the resolver', () => {
  const contract = readFileSync(new URL('../../../../native/sql/src/resolve/README.md', import.meta.url), 'utf8');
  const missing = functionGroups
    .flatMap((group) => group.rows.map(([name]) => name))
    .filter((name) => !contract.includes(`\`${name}\``));
  // Other names of functions that are in it.
  const aliases = ['mean', 'stddev', 'variance', 'dayofmonth', 'nvl2', 'pi', 'e'];
  expect(missing.filter((name) => !aliases.includes(name))).toEqual([]);
});
