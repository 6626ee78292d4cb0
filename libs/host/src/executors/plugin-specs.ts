import { create, type Payload, type PluginSpec, PluginSpecSchema } from '@kiln/rpc/executor';
import { type FoundPlugin, findPlugins, type PluginReference, packPlugin } from '../plugin-host/index.ts';
import type { Payloads } from './payloads.ts';

export interface ExecutorPlugins {
  readonly plugins: readonly PluginReference[];
  readonly ownPlugins: readonly PluginReference[];
  readonly baseDir: string;
}

/** What executors are told of the plugins that run there. Kiln's own are part of every installation; others travel. */
export async function pluginSpecs(
  { plugins, ownPlugins, baseDir }: ExecutorPlugins,
  payloads: Payloads,
): Promise<readonly PluginSpec[]> {
  const own = (await findPlugins(ownPlugins, baseDir)).map((found) => specOf(found, undefined));
  const others = (await findPlugins(plugins, baseDir)).map(async (found) => {
    if (!found.roles.includes('executor')) return specOf(found, undefined);
    const { hash, bytes } = await packPlugin(found.directory);
    return specOf(found, payloads.pack(`plugin/${hash}`, bytes));
  });
  const specs = [...own, ...(await Promise.all(others))];
  return specs.filter(({ found }) => found.roles.includes('executor')).map(({ spec }) => spec);
}

function specOf(found: FoundPlugin, archive: Payload | undefined): { found: FoundPlugin; spec: PluginSpec } {
  const { id, packageName, version, reference } = found;
  const fields = { id, packageName, version, config: JSON.stringify(reference.config) };
  return { found, spec: create(PluginSpecSchema, archive === undefined ? fields : { ...fields, archive }) };
}
