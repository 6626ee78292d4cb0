import { type ExecutorId, KilnError, type StageId, systemClock } from '@kiln/base';
import type {
  ClusterManager,
  ClusterManagerEnv,
  ClusterManagerProvider,
  ExecutorRequest,
} from '@kiln/contracts/cluster-manager';
import { ExecutorFactory } from '@kiln/contracts/executor';
import { ListenerBus } from '@kiln/contracts/listener';
import { MemoryManager } from '@kiln/contracts/memory';
import { type EngineSettings, Logger } from '@kiln/contracts/plugin';
import type { Composition } from '../composition/index.ts';
import type { ExecutorDemands } from '../driver/driver-parts.ts';
import { FilesFolder, filesVariable } from '../files/files-folder.ts';
import type { PluginReference } from '../plugin-host/index.ts';
import { ElasticCluster } from '../scheduling/elastic-cluster.ts';
import { ExecutorBackend } from './executor-backend.ts';
import { type ExecutorHooks, ExecutorManager } from './executor-manager.ts';
import { executorLaunch, type LaunchParts } from './launches.ts';
import type { ProcessServer } from './process-server.ts';

export interface EngineExecutorsOptions {
  readonly applicationId: string;
  readonly applicationName: string;
  readonly master: string;
  readonly settings: EngineSettings;
  readonly machine: ClusterManagerEnv['machine'];
  /** Main file of @kiln/executor; `null`: not installed. */
  readonly executorMain: string | null;
  readonly plugins: readonly PluginReference[];
  readonly ownPlugins: readonly PluginReference[];
  readonly bindings: Readonly<Record<string, string>>;
  readonly baseDir: string;
  readonly logger: Logger;
}

/** The executors of one engine: a cluster manager, the processes that register, and who leads both to the driver. */
export class EngineExecutors implements ExecutorDemands {
  readonly backend: ExecutorBackend;
  readonly #options: EngineExecutorsOptions;
  #cluster: ClusterManager | undefined;
  #manager: ExecutorManager | undefined;
  #elastic: ElasticCluster | undefined;
  #server: ProcessServer | undefined;
  #launch: LaunchParts | undefined;
  #files: Promise<FilesFolder | null> | undefined;
  #maxHashBuildBytes = Number.MAX_SAFE_INTEGER;

  constructor(options: EngineExecutorsOptions) {
    this.#options = options;
    this.backend = new ExecutorBackend(options.settings.get('spark.blockManager.port') === 0);
  }

  /** Errors: KILN_MASTER_UNKNOWN. */
  chooseCluster(providers: readonly ClusterManagerProvider[]): ClusterManager {
    const { master } = this.#options;
    // The last to accept wins, so that a plugin can take a master over from Kiln's own.
    const provider = providers.findLast((candidate) => candidate.accepts(master));
    if (provider === undefined) {
      throw new KilnError('KILN_MASTER_UNKNOWN', `No cluster manager accepts the master '${master}'`, {
        hint: `Known: ${providers.flatMap((candidate) => candidate.masters).join(', ')}. A plugin adds others`,
        concerns: { master },
      });
    }
    this.#cluster = provider.create(this.#env());
    return this.#cluster;
  }

  /** Resolves when the first executor is there. Errors name what is missing or wrong. */
  async start(composition: Composition, settings: EngineSettings, hooks: ExecutorHooks): Promise<void> {
    const cluster = this.#cluster;
    if (cluster === undefined) throw new Error('no cluster manager was chosen');
    const { logger, master } = this.#options;
    checkTaskCpus(settings, cluster.initialRequest, master);
    const decommission = (id: ExecutorId, reason: string) =>
      this.#manager?.decommission(id, reason) ?? Promise.resolve();
    if (cluster.placement === 'process') this.#elastic = elasticCluster(cluster, composition, settings, decommission);
    this.#manager = new ExecutorManager({
      cluster,
      initialRequest: this.#elastic?.initialRequest ?? cluster.initialRequest,
      backend: this.backend,
      hooks,
      clock: systemClock,
      logger,
      silenceMillis: settings.get('spark.network.timeout'),
      reconnectMillis: settings.get('kiln.executor.reconnectTimeout'),
      graceMillis: settings.get('kiln.executor.noExecutorsGrace'),
      minRegisteredRatio: settings.get('spark.scheduler.minRegisteredResourcesRatio'),
      maxRegisteredWaitMillis: settings.get('spark.scheduler.maxRegisteredResourcesWaitingTime'),
      createLocal: async (id, resources) => {
        const limits = { totalBytes: resources.memoryBytes, slots: resources.cores };
        this.#hashBuildsUpTo(composition.get(MemoryManager).policy(limits).maxHashBuildBytes);
        const { cores: slots, memoryBytes } = resources;
        await this.#linkFiles(settings);
        return composition.get(ExecutorFactory).create({ id, slots, memoryBytes, transport: null });
      },
      onLost: (id, reason) => this.#server?.fence(id, reason),
    });
    if (cluster.placement === 'process') await this.#serve(settings, this.#manager);
    await this.#manager.start();
  }

  get slots(): number {
    return this.#manager?.slots ?? 0;
  }

  /** Build sides larger than this per task are joined by sort-merge: what the smallest executor allows. */
  get maxHashBuildBytes(): number {
    return this.#maxHashBuildBytes;
  }

  wanted(stageId: StageId, stageAttempt: number, replaces: ExecutorId | null): void {
    this.#elastic?.wanted(stageId, stageAttempt, replaces);
  }

  excluded(executors: readonly ExecutorId[]): void {
    this.#elastic?.excluded(executors);
  }

  jobsChanged(active: number): void {
    this.#manager?.jobsChanged(active);
  }

  async stop(): Promise<void> {
    this.#elastic?.stop();
    await this.#manager?.stop();
    await this.#server?.close();
    await (await this.#files?.catch(() => null))?.remove();
  }

  /** Executors here share one folder, which the thread's environment names to the threads that it starts. */
  async #linkFiles(settings: EngineSettings): Promise<void> {
    this.#files ??= FilesFolder.link(settings);
    const folder = await this.#files;
    if (folder !== null) process.env[filesVariable] = folder.path;
  }

  #hashBuildsUpTo(bytes: number): void {
    this.#maxHashBuildBytes = Math.min(this.#maxHashBuildBytes, bytes);
  }

  /** Loaded only when it is needed: an engine of one process starts without it. */
  async #serve(settings: EngineSettings, manager: ExecutorManager): Promise<void> {
    const { startProcessServer } = await import('./process-server.ts');
    this.#server = await startProcessServer({
      ...this.#options,
      settings,
      manager,
      backend: this.backend,
      onMaxHashBuildBytes: (bytes) => this.#hashBuildsUpTo(bytes),
    });
    this.#launch = this.#server.launch;
  }

  #env(): ClusterManagerEnv {
    const { applicationId, applicationName, master, settings, machine, executorMain, logger } = this.#options;
    return {
      master,
      conf: settings.entries(),
      machine,
      applicationId,
      applicationName,
      executorLaunch: (id: ExecutorId, resources) => {
        if (this.#launch === undefined)
          throw new Error("a cluster manager asks for launches only when its placement is 'process'");
        return executorLaunch(this.#launch, id, resources);
      },
      executorMain: () => {
        if (executorMain !== null) return executorMain;
        throw new KilnError('KILN_EXECUTOR_MISSING', 'The package @kiln/executor is not installed here', {
          hint: 'Executors in processes of their own need it: npm install @kiln/executor',
        });
      },
      logger,
    };
  }
}

function elasticCluster(
  cluster: ClusterManager,
  composition: Composition,
  settings: EngineSettings,
  decommission: (id: ExecutorId, reason: string) => Promise<void>,
): ElasticCluster {
  return new ElasticCluster({
    cluster,
    settings,
    bus: composition.get(ListenerBus),
    clock: systemClock,
    logger: composition.get(Logger),
    decommission,
  });
}

/** Such tasks could run nowhere: better said now than when they have waited. */
function checkTaskCpus(settings: EngineSettings, { resources }: ExecutorRequest, master: string): void {
  const cpus = settings.get('spark.task.cpus');
  if (cpus <= resources.cores) return;
  const message = `A task takes ${cpus} cores (spark.task.cpus), but an executor of ${master} has ${resources.cores}`;
  throw new KilnError('KILN_TASK_CPUS', message, { hint: 'Lower spark.task.cpus, or give executors more cores' });
}
