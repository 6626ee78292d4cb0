import { userInfo } from 'node:os';
import {
  type ExecutorId,
  errorToData,
  executorId,
  KilnError,
  Settings,
  systemClock,
  TypedEmitter,
  type Unregister,
} from '@kiln/base';
import {
  type ClusterEvent,
  type ClusterManager,
  type ClusterManagerEnv,
  type ExecutorRequest,
  type ExecutorResources,
  unlimitedExecutors,
} from '@kiln/contracts/cluster-manager';
import { parseMasterUrl } from '../shared/master-url.ts';
import { overheadBytes } from '../shared/memory-limits.ts';
import type { ApplicationMessage, ApplicationRegistration, ExecutorWants, PlacedExecutor } from '../shared/reports.ts';
import { clusterSecret } from '../shared/secret.ts';
import type { ApplicationSession } from './application-session.ts';

/** `spark.executor.memory` where a machine is shared; in local mode an executor takes most of it. */
const defaultMemoryBytes = 2 ** 30;
/** A master that is still starting is waited for. */
const patienceMillis = 20_000;

/** `kiln://host:port[,host:port]`: executors of a standalone cluster, which its master places on its workers. */
export class StandaloneClusterManager implements ClusterManager {
  readonly placement = 'process' as const;
  readonly initialRequest: ExecutorRequest;
  readonly maxTaskFailures = null;
  readonly #env: ClusterManagerEnv;
  readonly #settings: ReturnType<typeof Settings.from>['settings'];
  readonly #events = new TypedEmitter<{ event: ClusterEvent }>();
  readonly #executors = new Map<ExecutorId, PlacedExecutor>();
  #wants: ExecutorWants;
  #nextExecutorId = 0;
  #connecting: Promise<ApplicationSession> | undefined;
  #session: ApplicationSession | undefined;
  #isStopped = false;

  constructor(env: ClusterManagerEnv) {
    this.#env = env;
    // The engine has warned of what is wrong in them.
    this.#settings = Settings.from(env.conf).settings;
    this.initialRequest = { total: this.#initialTotal(), resources: this.#resources(), placementHints: {} };
    this.#wants = this.#wantsOf(this.initialRequest);
    // What is wrong in the URL is said before anything is started.
    parseMasterUrl(env.master);
  }

  async requestTotal(request: ExecutorRequest): Promise<void> {
    this.#wants = this.#wantsOf(request);
    this.#session?.want(this.#wants);
    this.#connecting ??= this.#connect();
    await (await this.#connecting).registered;
  }

  async release(executors: readonly ExecutorId[]): Promise<void> {
    this.#session?.release(executors);
  }

  onEvent(listener: (event: ClusterEvent) => void): Unregister {
    return this.#events.on('event', listener);
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    await this.#connecting?.catch(() => {});
    await this.#session?.stop();
    for (const id of [...this.#executors.keys()]) this.#exited(id, 'the application ends', false);
    this.#events.removeAll();
  }

  async #connect(): Promise<ApplicationSession> {
    // All engines load this plugin, and most need no cluster.
    const [{ ApplicationSession }, { readClientTls }] = await Promise.all([
      import('./application-session.ts'),
      import('@kiln/rpc'),
    ]);
    const { master, conf, logger } = this.#env;
    const secret = clusterSecret({ conf, environment: process.env });
    const { memoryBytes } = this.#resources();
    this.#session = new ApplicationSession({
      link: { masters: parseMasterUrl(master), secret, tls: readClientTls(this.#settings), logger },
      registration: () => this.#registration(),
      template: () => ({
        launch: JSON.stringify(this.#env.executorLaunch(executorId('0'), this.#resources())),
        overheadBytes: overheadBytes('executor', memoryBytes, conf),
      }),
      onMessage: (message) => this.#onMessage(message),
      onConnected: (isConnected) => {
        if (this.#isStopped) return;
        // Without a master the place in its queue is worth nothing.
        const reason = isConnected ? null : 'no master of the cluster answers';
        this.#events.emit('event', { type: 'waiting', reason, queued: false });
      },
      patienceMillis,
      clock: systemClock,
      logger,
    });
    return this.#session;
  }

  #registration(): ApplicationRegistration {
    return {
      id: this.#env.applicationId,
      name: this.#env.applicationName,
      user: userName(),
      maxCores: this.#settings.get('spark.cores.max') ?? null,
      wants: this.#wants,
      executors: [...this.#executors.values()],
      nextExecutorId: this.#nextExecutorId,
    };
  }

  #onMessage(message: ApplicationMessage): void {
    if (this.#isStopped) return;
    switch (message.type) {
      case 'granted':
        return this.#granted(message.executor);
      case 'exited':
        return this.#exited(message.executorId, message.reason, message.causedByApp);
      case 'waiting':
        if (message.reason !== null)
          this.#env.logger.warn({}, `the application has no executors and waits: ${message.reason}`);
        this.#events.emit('event', message);
        return;
      case 'ended': {
        const error = new KilnError('KILN_APPLICATION_ENDED', `The cluster ended the application: ${message.reason}`, {
          concerns: { application: this.#env.applicationId, master: this.#env.master },
        });
        this.#events.emit('event', { type: 'failed', error: errorToData(error) });
      }
    }
  }

  /** Said again by each master that the application registers with. */
  #granted(executor: PlacedExecutor): void {
    const { executorId, host, resources } = executor;
    this.#nextExecutorId = Math.max(this.#nextExecutorId, Number(executorId) + 1);
    if (this.#executors.has(executorId)) return;
    this.#executors.set(executorId, executor);
    this.#events.emit('event', { type: 'granted', executor: { executorId, host, resources, placement: 'process' } });
  }

  #exited(id: ExecutorId, reason: string, causedByApp: boolean): void {
    this.#executors.delete(id);
    // One that never ran has failed as well: who waits for it must hear of it.
    this.#events.emit('event', { type: 'exited', executorId: id, reason, causedByApp, preempted: false });
  }

  #resources(): ExecutorResources {
    return {
      cores: this.#settings.get('spark.executor.cores'),
      memoryBytes: this.#settings.get('spark.executor.memory') ?? defaultMemoryBytes,
    };
  }

  #initialTotal(): number {
    const { cores } = this.#resources();
    const instances = this.#settings.get('spark.executor.instances') ?? unlimitedExecutors;
    const maxCores = this.#settings.get('spark.cores.max') ?? unlimitedExecutors;
    return Math.max(1, Math.min(instances, Math.floor(maxCores / cores)));
  }

  #wantsOf({ total, resources, placementHints }: ExecutorRequest): ExecutorWants {
    return {
      total: Math.min(total, unlimitedExecutors),
      // As in Spark: without the setting an executor takes all the cores that a worker has for it.
      cores: this.#settings.isSet('spark.executor.cores') ? resources.cores : null,
      memoryBytes: resources.memoryBytes,
      placementHints,
    };
  }
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A number without a name, as in some containers.
    return String(process.getuid?.() ?? '');
  }
}
