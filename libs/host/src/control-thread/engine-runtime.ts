import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { Settings, systemClock } from '@kiln/base';
import { DagScheduler } from '@kiln/contracts/dag-scheduler';
import type { ExecutorUsage } from '@kiln/contracts/executor';
import { ListenerBus } from '@kiln/contracts/listener';
import { Planner } from '@kiln/contracts/planner';
import { clusterManagersExtensionPoint, EngineSettings, type Logger } from '@kiln/contracts/plugin';
import { MapOutputTracker, ShuffleIds } from '@kiln/contracts/shuffle';
import { OutputCommitter } from '@kiln/contracts/storage';
import { TaskScheduler } from '@kiln/contracts/task-scheduler';
import { type Composition, composeEngine } from '../composition/index.ts';
import { Driver } from '../driver/driver.ts';
import { type EventLog, openEventLog } from '../event-log/event-log.ts';
import { EngineExecutors } from '../executors/engine-executors.ts';
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
  readonly executors: EngineExecutors;
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
  readonly driver: Driver;
  readonly bus: ListenerBus;
  readonly #parts: RuntimeParts;
  #eventLog: EventLog | null = null;

  private constructor(parts: RuntimeParts) {
    const { composition, settings, logger, executors } = parts;
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
      shuffleIds: composition.get(ShuffleIds),
      backend: executors.backend,
      bus: this.bus,
      committer: composition.get(OutputCommitter),
      settings,
      logger,
      clock: systemClock,
      maxHashBuildBytes: () => executors.maxHashBuildBytes,
      maxResultBytes: settings.get('spark.driver.maxResultSize'),
      topology: parts.topology,
      onJobs: (active) => executors.jobsChanged(active),
      demands: executors,
    });
  }

  /** Resolves when the first executor is there. Errors name everything that is missing or wrong. */
  static async start(options: ControlStart): Promise<EngineRuntime> {
    const { settings, warnings } = Settings.from(options.conf);
    const logger = createLogger();
    const appId = `kiln-${randomUUID()}`;
    const plugins = await loadPlugins([...builtinPlugins(), ...options.plugins], options.baseDir, 'driver');
    const executors = new EngineExecutors({
      ...options,
      applicationId: appId,
      applicationName: options.name,
      settings,
      machine: machineResources(settings),
      ownPlugins: builtinPlugins(),
      logger,
    });
    const composition = composeEngine({
      settings,
      logger,
      plugins,
      bindings: options.bindings,
      pools: await readPools(settings),
      settle(prepared) {
        const { maxTaskFailures } = executors.chooseCluster(prepared.all(clusterManagersExtensionPoint));
        return maxTaskFailures === null || settings.isSet('spark.task.maxFailures')
          ? settings
          : settings.with({ 'spark.task.maxFailures': String(maxTaskFailures) }).settings;
      },
    });
    const runtime = new EngineRuntime({
      appId,
      settings: composition.get(EngineSettings),
      warnings: warnings.map((warning) => warning.message),
      composition,
      executors,
      logger,
      topology: await readTopology(settings, logger),
      master: options.master,
    });
    await runtime.#begin(options.name);
    return runtime;
  }

  get defaultParallelism(): number {
    return this.settings.get('spark.default.parallelism') ?? Math.max(1, this.#parts.executors.slots);
  }

  /** Ends jobs, executors and plugins, in reverse order of start. */
  async stop(): Promise<void> {
    await this.driver.stop();
    await this.#parts.executors.stop();
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
      await this.#parts.executors.start(this.#parts.composition, this.settings, this.driver);
    } catch (error) {
      await this.#parts.executors.stop();
      await this.#eventLog?.close();
      throw error;
    }
  }

  /** Of all shuffles that somebody may read again, as batches in memory. */
  get mapOutputBytes(): number {
    const tracker = this.#parts.composition.get(MapOutputTracker);
    return tracker.shuffles
      .flatMap((shuffle) => tracker.outputs(shuffle))
      .reduce((sum, output) => sum + (output?.bytes ?? 0), 0);
  }

  /** Summed over executors. */
  usage(): Promise<ExecutorUsage> {
    return this.#parts.executors.backend.usage();
  }
}
