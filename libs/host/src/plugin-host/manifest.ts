import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { KilnError } from '@kiln/base';
import type { PluginManifest, PluginRole } from '@kiln/contracts/plugin';
import type { NormalPluginReference } from './reference.ts';

/** A plugin whose package.json was read; none of its code has run. */
export interface FoundPlugin {
  readonly reference: NormalPluginReference;
  readonly packageName: string;
  readonly version: string;
  readonly directory: string;
  readonly entry: URL;
  readonly id: string;
  readonly apiVersion: number;
  readonly roles: readonly PluginRole[];
}

/** Finds the package from `baseDir` (the folder of the job file) and reads its manifest. */
export async function findPlugin(reference: NormalPluginReference, baseDir: string): Promise<FoundPlugin> {
  const directory = packageDirectory(reference.package, baseDir);
  const file = join(directory, 'package.json');
  let json: { name?: string; version?: string; kiln?: Partial<PluginManifest> };
  try {
    json = JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw new KilnError(
      'KILN_PLUGIN_NOT_FOUND',
      `The plugin '${reference.package}' has no readable package.json (${file})`,
      { cause, concerns: { plugin: reference.package } },
    );
  }
  const plugin = json.kiln?.plugin;
  if (plugin === undefined) {
    throw new KilnError(
      'KILN_PLUGIN_MANIFEST',
      `The package '${reference.package}' is no Kiln plugin: ${file} has no field kiln.plugin`,
      {
        hint: 'A plugin says { "kiln": { "plugin": { "id": "my-plugin", "apiVersion": 1, "roles": ["driver"] } } }',
        concerns: { plugin: reference.package },
      },
    );
  }
  const require = createRequire(join(directory, 'package.json'));
  return {
    reference,
    packageName: json.name ?? reference.package,
    version: json.version ?? '0.0.0',
    directory,
    entry: entryOf(require, json.name, directory),
    id: plugin.id,
    apiVersion: plugin.apiVersion,
    roles: plugin.roles,
  };
}

function packageDirectory(specifier: string, baseDir: string): string {
  if (specifier.startsWith('file:')) return fileURLToPath(specifier);
  if (specifier.startsWith('.') || isAbsolute(specifier)) return resolve(baseDir, specifier);
  const require = createRequire(join(baseDir, 'package.json'));
  try {
    return dirname(require.resolve(`${specifier}/package.json`));
  } catch (cause) {
    throw new KilnError(
      'KILN_PLUGIN_NOT_FOUND',
      `The plugin '${specifier}' is not installed where the job is (${baseDir})`,
      {
        cause,
        hint: `Run 'npm install ${specifier}' there, or name it by its path`,
        concerns: { plugin: specifier },
      },
    );
  }
}

/** Resolved as `import` would from inside the package, so that `exports` holds. */
function entryOf(require: NodeJS.Require, name: string | undefined, directory: string): URL {
  if (name !== undefined) {
    try {
      return pathToFileURL(require.resolve(name));
    } catch {
      // No `exports` that allows self-reference: fall back to the folder.
    }
  }
  return pathToFileURL(require.resolve(directory));
}
