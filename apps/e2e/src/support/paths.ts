import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

export const repository = resolve(import.meta.dirname, '../../../..');
export const fixturePlugin = (name: string) => join(repository, 'apps/e2e/fixtures/plugins', name);
export const goldenDirectory = join(repository, 'apps/e2e/golden');
export const tpchQueries = join(repository, 'native/sql/tests/queries/tpch');

/** Generated data is kept here between runs. */
export const dataCache = join(
  process.env['KILN_CACHE_DIR'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'kiln'),
  'test-data',
);
