import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadPlugins } from './load.ts';

let base: string;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'kiln-plugins-'));
});
afterEach(() => rm(base, { recursive: true, force: true }));

interface Fake {
  id: string;
  codeId?: string;
  apiVersion?: number;
  contracts?: string;
  requires?: string[];
  config?: object;
  roles?: string[];
  source?: string;
}

async function plugin(directory: string, fake: Fake): Promise<string> {
  const path = join(base, directory);
  await mkdir(path, { recursive: true });
  const roles = fake.roles ?? ['driver'];
  await writeFile(
    join(path, 'package.json'),
    JSON.stringify({
      name: directory,
      version: '1.2.3',
      type: 'module',
      exports: { '.': './index.js', './package.json': './package.json' },
      kiln: { plugin: { id: fake.id, apiVersion: fake.apiVersion ?? 1, roles } },
    }),
  );
  const definition = {
    $type: 'kiln.plugin',
    apiVersion: 1,
    id: fake.codeId ?? fake.id,
    contracts: fake.contracts ?? '^0.1.0',
    requires: fake.requires ?? [],
    roles,
    config: fake.config,
  };
  await writeFile(
    join(path, 'index.js'),
    fake.source ?? `export default { ...${JSON.stringify(definition)}, register() {} };`,
  );
  return `./${directory}`;
}

describe('loadPlugins', () => {
  it('loads in order of requires, with config', async () => {
    const a = await plugin('a', { id: 'a', requires: ['b'] });
    const b = await plugin('b', { id: 'b' });
    const loaded = await loadPlugins([{ package: a, config: { x: 1 } }, b], base, 'driver');
    expect(loaded.map((one) => one.plugin.id)).toEqual(['b', 'a']);
    expect(loaded[1]?.config).toEqual({ x: 1 });
  });

  it('skips plugins of other roles without importing them', async () => {
    const only = await plugin('executor-only', { id: 'e', roles: ['executor'], source: 'throw new Error("imported")' });
    expect(await loadPlugins([only], base, 'driver')).toEqual([]);
  });

  it.each<[string, Fake[], RegExp]>([
    ['a duplicate id', [{ id: 'same' }, { id: 'same' }], /'same' is used twice: .*p0 and .*p1/],
    ['another plugin API', [{ id: 'old', apiVersion: 9 }], /written for plugin API 9, this Kiln has 1/],
    ['another id in code', [{ id: 'a', codeId: 'b' }], /calls itself 'b' in code and 'a' in package.json/],
    [
      'a contracts range',
      [{ id: 'a', contracts: '^9.0.0' }],
      /needs @kiln\/contracts \^9\.0\.0, this Kiln has 0\.1\.0/,
    ],
    ['a missing requirement', [{ id: 'a', requires: ['zzz'] }], /requires 'zzz', which is not loaded/],
    [
      'a circle',
      [
        { id: 'a', requires: ['b'] },
        { id: 'b', requires: ['a'] },
      ],
      /in a circle: a -> b -> a/,
    ],
    ['code that throws', [{ id: 'a', source: 'throw new Error("boom")' }], /'a' \(p0\) cannot be imported: boom/],
    ['no definePlugin', [{ id: 'a', source: 'export default {}' }], /no default export made by definePlugin/],
  ])('refuses %s', async (_name, fakes, message) => {
    const references = await Promise.all(fakes.map((fake, index) => plugin(`p${index}`, fake)));
    await expect(loadPlugins(references, base, 'driver')).rejects.toThrow(message);
  });

  it('checks the config against the schema', async () => {
    const schema = {
      type: 'object',
      properties: { weight: { type: 'number' } },
      required: ['weight'],
      additionalProperties: false,
    };
    const reference = await plugin('p', { id: 'p', config: schema });
    await expect(loadPlugins([{ package: reference, config: { weight: 'x' } }], base, 'driver')).rejects.toThrow(
      /config\.weight must be number/,
    );
    await expect(loadPlugins([{ package: reference, config: { weight: 2 } }], base, 'driver')).resolves.toHaveLength(1);
  });

  it('says where it looked for a package that is not there', async () => {
    await expect(loadPlugins(['@acme/no-such-plugin'], base, 'driver')).rejects.toThrow(
      /'@acme\/no-such-plugin' is not installed where the job is/,
    );
    await mkdir(join(base, 'plain'));
    await writeFile(join(base, 'plain', 'package.json'), '{"name":"plain"}');
    await expect(loadPlugins(['./plain'], base, 'driver')).rejects.toThrow(/no field kiln.plugin/);
  });
});
