import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Settings } from '@kiln/base';
import type { ExecutorLaunch } from '@kiln/contracts/cluster-manager';
import { type BlockTransport, type Executor, ExecutorFactory } from '@kiln/contracts/executor';
import { MemoryManager } from '@kiln/contracts/memory';
import type { EngineSettings, Logger } from '@kiln/contracts/plugin';
import { removeFilesOf } from '@kiln/launcher';
import type { FileSpec, PluginSpec, Welcome } from '@kiln/rpc/executor';
import { type Composition, composeEngine } from '../composition/index.ts';
import { builtinPlugins } from '../control-thread/builtin-plugins.ts';
import type { Payloads } from '../executors/payloads.ts';
import { FilesFolder, filesVariable } from '../files/files-folder.ts';
import { findPlugins, loadPlugins, type PluginReference, unpackPlugin } from '../plugin-host/index.ts';

/** An executor with all its parts. */
export interface ComposedExecutor {
  readonly executor: Executor;
  readonly maxHashBuildBytes: number;
  /** Plugin id to version. */
  readonly plugins: Readonly<Record<string, string>>;
  readonly maxDirectResultBytes: number;
  /** The signal that tells it to leave in an orderly way; `null`: none does. */
  readonly leaveSignal: NodeJS.Signals | null;
  /** Frees everything, removes files. */
  stop(): Promise<void>;
}

export interface ExecutorParts {
  readonly settings: EngineSettings;
  readonly payloads: Payloads;
  readonly transport: BlockTransport;
  readonly logger: Logger;
}

/** The driver's settings, with what whoever started this process decides. */
export function executorSettings({ conf }: Welcome, { localDirs }: ExecutorLaunch): EngineSettings {
  const own = localDirs.length === 0 ? {} : { 'spark.local.dir': localDirs.join(',') };
  return Settings.from({ ...conf, ...own }).settings;
}

/** Makes the executor that the driver's settings and plugins describe, by the same composition as the driver's. */
export async function composeExecutor(
  welcome: Welcome,
  launch: ExecutorLaunch,
  parts: ExecutorParts,
): Promise<ComposedExecutor> {
  const { settings, logger, transport } = parts;
  // Named as the data plane names its folders: whoever cleans up after a dead process finds it.
  const folder = join(
    settings.get('spark.local.dir')[0] ?? tmpdir(),
    `kiln-${process.pid}-${randomBytes(8).toString('hex')}`,
  );
  await placeFiles(welcome.files, folder, parts.payloads);
  const plugins = await pluginsOf(welcome.plugins, folder, parts.payloads);
  const ids = new Set(plugins.map(({ plugin }) => plugin.id));
  const bindings = Object.entries(welcome.bindings).filter(([, id]) => ids.has(id) || id === 'engine');
  const composition: Composition = composeEngine({
    role: 'executor',
    settings,
    logger,
    plugins,
    bindings: Object.fromEntries(bindings),
  });
  const { executorId: id, cores: slots, memoryBytes } = launch;
  const policy = composition.get(MemoryManager).policy({ totalBytes: memoryBytes, slots });
  const executor = await composition.get(ExecutorFactory).create({ id, slots, memoryBytes, transport });
  return {
    executor,
    maxHashBuildBytes: policy.maxHashBuildBytes,
    plugins: Object.fromEntries(plugins.map(({ plugin, found }) => [plugin.id, found.version])),
    leaveSignal: settings.get('spark.decommission.enabled')
      ? (`SIG${settings.get('spark.executor.decommission.signal')}` as NodeJS.Signals)
      : null,
    maxDirectResultBytes: settings.get('spark.task.maxDirectResultSize'),
    async stop() {
      await executor.stop();
      await composition.stop();
      // Whoever started this process may be gone.
      await removeFilesOf(process.pid, settings.get('spark.local.dir'));
    },
  };
}

/** The files of the application, where functions of users look for them. */
async function placeFiles(files: readonly FileSpec[], folder: string, payloads: Payloads): Promise<void> {
  const received = files.map(async ({ name, content }) => ({ name, bytes: await payloads.unpack(content) }));
  const placed = await FilesFolder.write(folder, await Promise.all(received));
  if (placed !== null) process.env[filesVariable] = placed.path;
}

/** Kiln's own from this installation, others from their archives. */
async function pluginsOf(specs: readonly PluginSpec[], folder: string, payloads: Payloads) {
  const own = await findPlugins(builtinPlugins(), import.meta.dirname);
  const references = await Promise.all(
    specs.map(async ({ id, config, archive }): Promise<PluginReference> => {
      const settings = { config: JSON.parse(config) as Record<string, unknown> };
      if (archive !== undefined)
        return { package: await unpackPlugin(await payloads.unpack(archive), join(folder, id)), ...settings };
      const found = own.find((plugin) => plugin.id === id);
      if (found === undefined) throw new Error(`This installation of Kiln has no plugin '${id}'`);
      return { package: found.directory, ...settings };
    }),
  );
  return loadPlugins(references, folder, 'executor');
}
