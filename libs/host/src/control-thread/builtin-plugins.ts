import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type { PluginReference } from '../plugin-host/index.ts';

/** Kiln's own plugins, which come in by the same door as anybody's; found from here, not from the job's folder. */
const names = ['@kiln/cluster-local', '@kiln/cluster-standalone', '@kiln/source-files'];

export function builtinPlugins(): readonly PluginReference[] {
  const require = createRequire(import.meta.url);
  return names.map((name) => dirname(require.resolve(`${name}/package.json`)));
}
