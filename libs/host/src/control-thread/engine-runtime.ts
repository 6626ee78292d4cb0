import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { errorFromData, KilnError, Settings, systemClock } from '@kiln/base';
import type {
  ClusterEvent,
  ClusterManager,
  ClusterManagerEnv,
  ClusterManagerProvider,
} from '@kiln/contracts/cluster-manager';
import { DagScheduler } from '@kiln/contracts/dag-scheduler';
import { ExecutorFactory } from '@kiln/contracts/executor';
import { ListenerBus } from '@kiln/contracts/listener';
import { MemoryManager } from '@kiln/contracts/memory';
import { Planner } from '@kiln/contracts/planner';
import { clusterManagersExtensionPoint, EngineSettings, type Logger } from '@kiln/contracts/plugin';
import { MapOutputTracker } from '@kiln/contracts/shuffle';
import { OutputCommitter } from '@kiln/contracts/storage';
import { TaskScheduler } from '@kiln/contracts/task-scheduler';
import { type Composition, composeEngine } from '../composition/index.ts';
import { Driver } from '../driver/driver.ts';
import { InProcessBackend } from '../driver/in-process-backend.ts';
import { type EventLog, openEventLog } from '../event-log/event-log.ts';
import { loadPlugins } from '../plugin-host/index.ts';
import { readPools } from '../scheduling/pools.ts';
import { readTopology, type Topology } from '../scheduling/topology.ts';
import { builtinPlugins } from './builtin-plugins.ts';
import { createLogger } from './logger.ts';
import { machineResources } from './machine.ts';
import type { ControlStart } from './messages.ts';

const { version: kilnVersion } = createRequire(import.meta.url)('../../package.json') as { readonly version: string };

interface RuntimeParts {
  readonly appId: string;
  readonly settings: EngineSettings;
  readonly warnings: readonly string[];
  readonly composition: Composition;
  readonly cluster: ClusterManager;
  readonly logger: Logger;
  readonly master: string;
  readonly topology: Topology;
}

/** All parts of one engine in its control thread, from plugins to a driver with executors. */
export class EngineRuntime {
  readonly appId: string;
  readonly master: string;
  readonly settings: EngineSettings;
  readonly warnings: readonly string[];
  readonly backend = new InProcessBackend();
  readonly driver: Driver;
  readonly bus: ListenerBus;
  readonly #parts: RuntimeParts;
  #slots = 0;
  #maxHashBuildBytes = Number.MAX_SAFE_INTEGER;
  #eventLog: EventLog | null = null;

  private constructor(parts: RuntimeParts) {
    const { composition, settings, logger } = parts;
    this.#parts = parts;
    this.appId = parts.appId;
    this.master = parts.master;
    this.settings = settings;
    this.warnings = parts.warnings;
    this.bus = composition.get(ListenerBus);
    this.driver = new Driver({
      planner: composition.get(Planner),
      dag: composition.get(DagScheduler),
      tasks: composition.get(TaskScheduler),
      tracker: composition.get(MapOutputTracker),
      backend: this.backend,
      bus: this.bus,
      committer: composition.get(OutputCommitter),
      settings,
      logger,
      clock: systemClock,
      maxHashBuildBytes: () => this.#maxHashBuildBytes,
      maxResultBytes: settings.get('spark.driver.maxResultSize'),
      topology: parts.topology,
    });
  }

  /** Resolves when the first executor is there. Errors name everything that is missing or wrong. */
  static async start(options: ControlStart): Promise<EngineRuntime> {
    const { settings, warnings } = Settings.from(options.conf);
    const logger = createLogger();
    const appId = `kiln-${randomUUID()}`;
    const plugins = await loadPlugins([...builtinPlugins(), ...options.plugins], options.baseDir, 'driver');
    let cluster: ClusterManager | undefined;
    const composition = composeEngine({
      settings,
      logger,
      plugins,
      bindings: options.bindings,
      pools: await readPools(settings),
      settle(prepared) {
        cluster = chooseCluster(prepared.all(clusterManagersExtensionPoint), {
          master: options.master,
          conf: settings.entries(),
          machine: machineResources(settings),
          applicationId: appId,
          applicationName: options.name,
          executorLaunch: noProcesses,
          executorMain: noProcesses,
          logger,
        });
        const { maxTaskFailures } = cluster;
        return maxTaskFailures === null || settings.isSet('spark.task.maxFailures')
          ? settings
          : settings.with({ 'spark.task.maxFailures': String(maxTaskFailures) }).settings;
      },
    });
    if (cluster === undefined) throw new Error('settle was not called');
    const runtime = new EngineRuntime({
      appId,
      settings: composition.get(EngineSettings),
      warnings: warnings.map((warning) => warning.message),
      composition,
      cluster,
      logger,
      topology: await readTopology(settings, logger),
      master: options.master,
    });
    await runtime.#begin(options.name);
    return runtime;
  }

  get defaultParallelism(): number {
    return this.settings.get('spark.default.parallelism') ?? Math.max(1, this.#slots);
  }

  /** Ends jobs, executors and plugins, in reverse order of start. */
  async stop(): Promise<void> {
    await this.driver.stop();
    await this.#parts.cluster.stop();
    await this.backend.stop();
    this.bus.post({ type: 'engine-stopped', time: systemClock.now() });
    await this.#eventLog?.close();
    await this.#parts.composition.stop();
  }

  /** The log hears everything, the application's start first. */
  async #begin(name: string): Promise<void> {
    const { appId, master } = this;
    this.#eventLog = await openEventLog(this.settings, { appId, kilnVersion, logger: this.#parts.logger });
    if (this.#eventLog !== null) this.bus.listen(this.#eventLog);
    this.bus.post({ type: 'engine-started', time: systemClock.now(), appId, name, master });
    try {
      await this.#startExecutors();
    } catch (error) {
      await this.#eventLog?.close();
      throw error;
    }
  }

  async #startExecutors(): Promise<void> {
    const { cluster, logger } = this.#parts;
    let isStarting = true;
    const first = new Promise<void>((resolve, reject) => {
      cluster.onEvent((event) => {
        this.#onClusterEvent(event).then(resolve, (error) => {
          if (isStarting) return reject(error);
          logger.error({ error }, 'an executor could not be started');
        });
      });
    });
    await cluster.requestTotal(cluster.initialRequest);
    await first;
    isStarting = false;
  }

  async #onClusterEvent(event: ClusterEvent): Promise<void> {
    if (event.type === 'failed') throw errorFromData(event.error);
    if (event.type === 'exited') return this.driver.executorRemoved(event.executorId, event.reason, event.causedByApp);
    const { executorId, host, resources, placement } = event.executor;
    if (placement !== 'in-process') noProcesses();
    const options = { id: executorId, slots: resources.cores, memoryBytes: resources.memoryBytes };
    const executor = await this.#parts.composition.get(ExecutorFactory).create(options);
    const policy = this.#parts.composition
      .get(MemoryManager)
      .policy({ totalBytes: resources.memoryBytes, slots: resources.cores });
    this.#maxHashBuildBytes = Math.min(this.#maxHashBuildBytes, policy.maxHashBuildBytes);
    this.#slots += executor.slots;
    this.backend.add(executor);
    this.driver.executorAdded(executorId, host, executor.slots);
  }
}

function noProcesses(): never {
  throw new KilnError(
    'KILN_CLUSTER_PLACEMENT',
    'The cluster manager wants executors in processes of their own; this Kiln runs them in its own process only',
  );
}

function chooseCluster(providers: readonly ClusterManagerProvider[], env: ClusterManagerEnv): ClusterManager {
  const { master } = env;
  // The last to accept wins, so that a plugin can take a master over from Kiln's own.
  const provider = providers.findLast((candidate) => candidate.accepts(master));
  if (provider === undefined) {
    throw new KilnError('KILN_MASTER_UNKNOWN', `No cluster manager accepts the master '${master}'`, {
      hint: `Known: ${providers.flatMap((candidate) => candidate.masters).join(', ')}. A plugin adds others`,
      concerns: { master },
    });
  }
  return provider.create(env);
}
