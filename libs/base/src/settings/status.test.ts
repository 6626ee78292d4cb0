import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { settingsCatalogue } from './settings.ts';

const root = join(import.meta.dirname, '../../../..');
const folders = ['libs/*/src', 'plugins/*/src', 'apps/{cli,executor,shuffle-service,ui}/{src,bin}', 'native/*/src'];

/** Names that stand alone between quotes in a source: that is how a property is read. Comments do not count. */
async function quotedNames(): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for await (const file of glob(
    folders.map((folder) => `${folder}/**/*.{ts,mjs,js,rs}`),
    { cwd: root },
  )) {
    if (/\.test\.ts$|test-support|base\/src\/settings\//.test(file)) continue;
    const code = readFileSync(join(root, file), 'utf8').replaceAll(/^\s*(\/\/|\*|\/\*).*$/gm, '');
    for (const [, name = ''] of code.matchAll(/['"]((?:spark|kiln)\.[\w.]+\*?)['"]/g)) names.add(name);
  }
  return names;
}

const entries = Object.entries(settingsCatalogue);

/** Others take its value, as `spark.locality.wait.node` does. */
function isUsedThrough(name: string, read: ReadonlySet<string>): boolean {
  return entries.some(
    ([other, { fallback }]) => typeof fallback === 'object' && fallback?.sameAs === name && read.has(other),
  );
}

test('a property is accepted-but-unused exactly when nothing reads it', async () => {
  const read = await quotedNames();
  const isRead = (name: string) => read.has(name) || isUsedThrough(name, read);
  const supported = entries.filter(([, { status }]) => status === 'supported').map(([name]) => name);
  const accepted = entries.filter(([, { status }]) => status === 'accepted').map(([name]) => name);
  expect(
    supported.filter((name) => !isRead(name)).join('\n'),
    'nothing reads these: put `unused` on their lines of catalogue.ts',
  ).toBe('');
  expect(accepted.filter(isRead).join('\n'), 'these are read: take `unused` off their lines of catalogue.ts').toBe('');
});

test('whatever is read is in the catalogue', async () => {
  const isKnown = (name: string) =>
    name in settingsCatalogue || !/^(spark\.|kiln\.(sql|shuffle|memory|parquet)\.)/.test(name);
  expect([...(await quotedNames())].filter((name) => !isKnown(name))).toEqual([]);
});
