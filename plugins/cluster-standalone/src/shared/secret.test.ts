import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { clusterSecret, clusterSecretOrNew } from './secret.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'kiln-secret-'));
});
afterEach(() => rmSync(home, { recursive: true }));

it('comes from the option, the settings, the environment, the file of the user, in this order', () => {
  const file = (name: string) => {
    writeFileSync(join(home, name), `secret of the ${name}\n`);
    return join(home, name);
  };
  const environment = { HOME: home, KILN_AUTH_SECRET: 'secret of the variable' };
  const conf = {
    'spark.authenticate.secret': 'secret of the setting',
    'spark.authenticate.secret.file': file('named'),
  };
  expect(clusterSecret({ file: file('option'), conf, environment })).toBe('secret of the option');
  expect(clusterSecret({ conf, environment })).toBe('secret of the setting');
  const { 'spark.authenticate.secret': _, ...fileOnly } = conf;
  expect(clusterSecret({ conf: fileOnly, environment })).toBe('secret of the named');
  expect(clusterSecret({ conf: {}, environment })).toBe('secret of the variable');
});

it('is made once for a user, by a master only', async () => {
  const sources = { conf: {}, environment: { HOME: home } };
  expect(() => clusterSecret(sources)).toThrow(/The cluster's secret is missing/);
  const secrets = await Promise.all(Array.from({ length: 5 }, () => clusterSecretOrNew(sources)));
  expect(new Set(secrets).size).toBe(1);
  expect(secrets[0]).toHaveLength(44);
  expect(clusterSecret(sources)).toBe(secrets[0]);
  expect(statSync(join(home, '.kiln/secret')).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(home, '.kiln'))).toEqual(['secret']);
  expect(readFileSync(join(home, '.kiln/secret'), 'utf8').trim()).toBe(secrets[0]);
});

it('that was named and is not there, or is too short, is an error', async () => {
  const file = join(home, 'none');
  await expect(clusterSecretOrNew({ file, conf: {}, environment: { HOME: home } })).rejects.toThrow(/no file/);
  const short = { conf: { 'spark.authenticate.secret': 'short' }, environment: {} };
  expect(() => clusterSecret(short)).toThrow(/is shorter than 16 characters/);
});
