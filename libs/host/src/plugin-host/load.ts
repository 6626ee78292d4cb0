import { createRequire } from 'node:module';
import { KilnError } from '@kiln/base';
import { type Plugin, type PluginRole, pluginApiVersion } from '@kiln/contracts/plugin';
import { satisfies } from 'semver';
import { checkConfig } from './config-schema.ts';
import { type FoundPlugin, findPlugin } from './manifest.ts';
import { normalizeReference, type PluginReference } from './reference.ts';

export interface LoadedPlugin {
  readonly plugin: Plugin;
  readonly found: FoundPlugin;
  readonly config: Readonly<Record<string, unknown>>;
}

/**
 * Finds, checks and imports the plugins that run in `role`, in order of `requires`. Manifests are read and checked before any code runs;
 * all problems of one step are named in one error.
 */
export async function loadPlugins(
  references: readonly PluginReference[],
  baseDir: string,
  role: PluginRole,
): Promise<readonly LoadedPlugin[]> {
  const found = await findPlugins(references, baseDir);
  const problems = manifestProblems(found);
  if (problems.length > 0) throw pluginError(problems);
  const loaded = await collect(found.filter((plugin) => plugin.roles.includes(role)).map(importPlugin));
  const wrong = loaded.flatMap((plugin) => [...definitionProblems(plugin), ...requirementProblems(plugin, loaded)]);
  if (wrong.length > 0) throw pluginError(wrong);
  for (const { plugin, config } of loaded)
    if (plugin.config !== undefined) await checkConfig(plugin.id, plugin.config, config);
  return inOrder(loaded);
}

/** Their manifests; none of their code runs. */
export function findPlugins(references: readonly PluginReference[], baseDir: string): Promise<readonly FoundPlugin[]> {
  return collect(references.map((reference) => findPlugin(normalizeReference(reference), baseDir)));
}

function manifestProblems(found: readonly FoundPlugin[]): string[] {
  const problems: string[] = [];
  const byId = new Map<string, FoundPlugin>();
  for (const plugin of found) {
    const other = byId.get(plugin.id);
    if (other !== undefined)
      problems.push(`the id '${plugin.id}' is used twice: ${other.directory} and ${plugin.directory}`);
    byId.set(plugin.id, plugin);
    if (plugin.apiVersion !== pluginApiVersion) {
      problems.push(
        `plugin '${plugin.id}' (${plugin.packageName} ${plugin.version}) is written for plugin API ${plugin.apiVersion}, this Kiln has ${pluginApiVersion}`,
      );
    }
    const copy = contractsOf(plugin);
    if (copy !== undefined && copy !== ownContracts) {
      problems.push(
        `plugin '${plugin.id}' brings its own copy of @kiln/contracts (${copy}); this Kiln uses ${ownContracts}. Make it a peer dependency and install again`,
      );
    }
  }
  return problems;
}

const ownContracts = createRequire(import.meta.url).resolve('@kiln/contracts/package.json');

function contractsOf(plugin: FoundPlugin): string | undefined {
  try {
    return createRequire(plugin.entry).resolve('@kiln/contracts/package.json');
  } catch {
    return undefined;
  }
}

async function importPlugin(found: FoundPlugin): Promise<LoadedPlugin> {
  let module: { default?: unknown };
  try {
    module = await import(found.entry.href);
  } catch (cause) {
    throw new KilnError(
      'KILN_PLUGIN_IMPORT',
      `The plugin '${found.id}' (${found.packageName}) cannot be imported: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
  const plugin = module.default as Partial<Plugin> | undefined;
  if (plugin?.$type !== 'kiln.plugin') {
    throw new KilnError(
      'KILN_PLUGIN_IMPORT',
      `The plugin '${found.id}' (${found.packageName}) has no default export made by definePlugin`,
    );
  }
  return { plugin: plugin as Plugin, found, config: found.reference.config };
}

function definitionProblems({ plugin, found }: LoadedPlugin): string[] {
  const problems: string[] = [];
  if (plugin.id !== found.id)
    problems.push(`${found.packageName} calls itself '${plugin.id}' in code and '${found.id}' in package.json`);
  const { version } = createRequire(import.meta.url)('@kiln/contracts/package.json') as { version: string };
  if (!satisfies(version, plugin.contracts))
    problems.push(`plugin '${plugin.id}' needs @kiln/contracts ${plugin.contracts}, this Kiln has ${version}`);
  return problems;
}

function requirementProblems({ plugin }: LoadedPlugin, all: readonly LoadedPlugin[]): string[] {
  const ids = new Set(all.map((other) => other.plugin.id));
  return (plugin.requires ?? [])
    .filter((id) => !ids.has(id))
    .map((id) => `plugin '${plugin.id}' requires '${id}', which is not loaded`);
}

/** Topological by `requires`; otherwise the order in which they were named. */
function inOrder(plugins: readonly LoadedPlugin[]): readonly LoadedPlugin[] {
  const byId = new Map(plugins.map((plugin) => [plugin.plugin.id, plugin]));
  const done = new Set<string>();
  const ordered: LoadedPlugin[] = [];
  const visit = (plugin: LoadedPlugin, path: readonly string[]) => {
    const { id } = plugin.plugin;
    if (done.has(id)) return;
    if (path.includes(id)) throw pluginError([`plugins require each other in a circle: ${[...path, id].join(' -> ')}`]);
    for (const required of plugin.plugin.requires ?? []) {
      const other = byId.get(required);
      if (other !== undefined) visit(other, [...path, id]);
    }
    done.add(id);
    ordered.push(plugin);
  };
  for (const plugin of plugins) visit(plugin, []);
  return ordered;
}

async function collect<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(work);
  const errors = results.filter((result) => result.status === 'rejected').map((result) => result.reason as Error);
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw pluginError(errors.map((error) => error.message));
  return results.map((result) => (result as PromiseFulfilledResult<T>).value);
}

function pluginError(problems: readonly string[]): KilnError {
  return new KilnError(
    'KILN_PLUGINS',
    `The plugins cannot be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
  );
}
