import { type Clock, type ExecutorId, errorFromData, KilnError } from '@kiln/base';
import {
  type ClusterEvent,
  type ClusterManager,
  type ExecutorRequest,
  type ExecutorResources,
  unlimitedExecutors,
} from '@kiln/contracts/cluster-manager';
import type { Executor } from '@kiln/contracts/executor';
import type { Logger } from '@kiln/contracts/plugin';
import type { ServedBy } from '../driver/executors.ts';
import { Wakeups } from '../driver/wakeups.ts';
import { type ExecutorEndpoint, InProcessEndpoint } from './endpoint.ts';
import type { ExecutorBackend } from './executor-backend.ts';
import { Roster, type RosterAction, type RosterEvent, type RosterOptions } from './roster.ts';

/** What the manager tells the driver. */
export interface ExecutorHooks {
  executorAdded(id: ExecutorId, host: string, slots: number, servedBy: ServedBy): void;
  executorRemoved(id: ExecutorId, reason: string, causedByApp: boolean): void;
  /** With all that is stored there. */
  hostLost(host: string): void;
  /** It gets no more tasks; resolves when it may end. */
  decommission(id: ExecutorId, reason: string): Promise<void>;
  /** Running jobs cannot go on. */
  failJobs(error: KilnError): void;
}

export interface ExecutorManagerOptions extends RosterOptions {
  readonly cluster: ClusterManager;
  /** What to ask for at the start. */
  readonly initialRequest: ExecutorRequest;
  readonly backend: ExecutorBackend;
  readonly hooks: ExecutorHooks;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Share of the executors asked for to wait for at start (`spark.scheduler.minRegisteredResourcesRatio`), and how long. */
  readonly minRegisteredRatio: number;
  readonly maxRegisteredWaitMillis: number;
  /** Makes an executor of this process. */
  readonly createLocal: (id: ExecutorId, resources: ExecutorResources) => Promise<Executor>;
  /** An executor takes no part any more; one in a process of its own is to be told. */
  readonly onLost: (id: ExecutorId, reason: string) => void;
}

interface Candidate {
  readonly endpoint: ExecutorEndpoint;
  readonly host: string;
  readonly slots: number;
}

/** Brings together what the cluster manager says of executors, what they say themselves, and the driver that uses them. */
export class ExecutorManager {
  readonly #options: ExecutorManagerOptions;
  readonly #roster: Roster;
  readonly #wakeups: Wakeups;
  /** Executors that are about to be added. */
  readonly #candidates = new Map<ExecutorId, Candidate>();
  readonly #slots = new Map<ExecutorId, number>();
  /** Their end is wanted. */
  readonly #leaving = new Set<ExecutorId>();
  readonly #first = Promise.withResolvers<void>();
  #stopping = false;

  constructor(options: ExecutorManagerOptions) {
    this.#options = options;
    this.#roster = new Roster(options);
    this.#wakeups = new Wakeups(options.clock);
    this.#first.promise.catch(() => {});
    options.cluster.onEvent((event) => this.#onClusterEvent(event));
  }

  /** Asks for the first executors and waits until one is there, and for as many as are wanted, but not for ever. Errors: what the cluster manager or an executor failed with. */
  async start(): Promise<void> {
    const { cluster, initialRequest } = this.#options;
    // As a job would: it must not wait for ever.
    if (initialRequest.total > 0) this.#step({ type: 'jobs', active: 1 });
    await cluster.requestTotal(initialRequest);
    if (initialRequest.total > 0) {
      await this.#first.promise;
      await this.#enough();
    }
    this.#step({ type: 'jobs', active: 0 });
  }

  /** Task slots of the executors that are used, or that were asked for at start and are still on their way. */
  get slots(): number {
    const { total, resources } = this.#options.initialRequest;
    const used = [...this.#slots.values()].reduce((sum, slots) => sum + slots, 0);
    return total >= unlimitedExecutors ? used : Math.max(used, total * resources.cores);
  }

  /** How many jobs run. */
  jobsChanged(active: number): void {
    this.#step({ type: 'jobs', active });
  }

  /** `null`: welcome. */
  hello(hello: { readonly id: ExecutorId; readonly incarnation: string; readonly resumes: boolean }): {
    readonly code: string;
    readonly message: string;
  } | null {
    const answer = this.#step({ type: 'hello', ...hello }).find((action) => action.type === 'refuse');
    return answer ?? null;
  }

  ready(endpoint: ExecutorEndpoint, host: string, slots: number): void {
    this.#candidates.set(endpoint.id, { endpoint, host, slots });
    this.#step({ type: 'ready', id: endpoint.id });
    this.#candidates.delete(endpoint.id);
  }

  heard(id: ExecutorId): void {
    this.#step({ type: 'heard', id });
  }

  disconnected(id: ExecutorId, incarnation: string): void {
    this.#step({ type: 'disconnected', id, incarnation });
  }

  /** It gets no more tasks; resolves when it may end. */
  decommission(id: ExecutorId, reason: string): Promise<void> {
    this.#leaving.add(id);
    return this.#options.hooks.decommission(id, reason);
  }

  /** It was told to leave: it ends when the driver needs nothing of it. */
  leaving(id: ExecutorId, reason: string): void {
    const { cluster, logger } = this.#options;
    logger.info({ executor: id, reason }, 'an executor leaves');
    void this.decommission(id, reason)
      .then(() => (this.#stopping ? undefined : cluster.release([id])))
      .catch((error) => logger.warn({ executor: id, error }, 'an executor could not be released'));
  }

  rejected(id: ExecutorId, reason: string): void {
    this.#step({ type: 'rejected', id, reason });
  }

  /** Ends all executors. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wakeups.cancel();
    this.#first.reject(new KilnError('KILN_ENGINE_STOPPED', 'The engine is stopped'));
    await Promise.all([this.#options.cluster.stop(), this.#options.backend.stop()]);
    this.#wakeups.cancel();
  }

  /** Too few are better than none: the time is all that is waited. */
  async #enough(): Promise<void> {
    const { initialRequest, clock, minRegisteredRatio, maxRegisteredWaitMillis } = this.#options;
    const { total } = initialRequest;
    // Nobody knows how many there will be: the first is enough.
    const wanted = total >= unlimitedExecutors ? 1 : Math.ceil(total * minRegisteredRatio);
    const until = clock.now() + maxRegisteredWaitMillis;
    while (this.#slots.size < wanted && clock.now() < until && !this.#stopping)
      await new Promise<void>((resolve) => clock.after(20, resolve));
  }

  #onClusterEvent(event: ClusterEvent): void {
    switch (event.type) {
      case 'granted': {
        const { executorId, host, resources, placement } = event.executor;
        this.#step({ type: 'granted', id: executorId });
        if (placement === 'in-process') void this.#startLocal(executorId, host, resources);
        return;
      }
      case 'exited':
        // Before the executor is: what its host served is not waited for.
        if (event.lostHost !== undefined) this.#options.hooks.hostLost(event.lostHost);
        this.#step({ ...event, id: event.executorId });
        return;
      case 'waiting':
      case 'failed':
        this.#step(event);
    }
  }

  async #startLocal(id: ExecutorId, host: string, resources: ExecutorResources): Promise<void> {
    const { backend, logger, createLocal } = this.#options;
    try {
      const executor = await createLocal(id, resources);
      this.ready(new InProcessEndpoint(executor, (result) => backend.report(id, result)), host, executor.slots);
    } catch (error) {
      logger.error({ executor: id, error }, 'an executor could not be started');
      // The start of the engine fails with just this.
      this.#first.reject(error instanceof Error ? error : new Error(String(error)));
      this.rejected(id, error instanceof Error ? error.message : String(error));
    }
  }

  #step(event: RosterEvent): readonly RosterAction[] {
    const actions = this.#roster.step(event, this.#options.clock.now());
    for (const action of actions) this.#perform(action);
    return actions;
  }

  #perform(action: RosterAction): void {
    const { backend, hooks } = this.#options;
    switch (action.type) {
      case 'added': {
        const candidate = this.#candidates.get(action.id);
        if (candidate === undefined) return;
        const { endpoint, host, slots } = candidate;
        this.#slots.set(action.id, slots);
        backend.add(endpoint);
        hooks.executorAdded(action.id, host, slots, { address: endpoint.address, serviceAddress: null });
        return this.#first.resolve();
      }
      case 'lost':
        return this.#onLost(action);
      case 'hopeless':
        return this.#onHopeless(action);
      case 'wake':
        if (!this.#stopping) this.#wakeups.at('roster', action.at, () => this.#step({ type: 'tick' }));
    }
  }

  #onLost({ id, reason, causedByApp, release, wasUsed }: Extract<RosterAction, { type: 'lost' }>): void {
    const { backend, hooks, cluster, logger } = this.#options;
    if (this.#leaving.delete(id)) logger.info({ executor: id, reason }, 'an executor left');
    else if (!this.#stopping) logger.warn({ executor: id, reason }, 'an executor was lost');
    this.#slots.delete(id);
    this.#options.onLost(id, reason);
    // What it still says is not heard from here on.
    backend.remove(id);
    if (wasUsed) hooks.executorRemoved(id, reason, causedByApp);
    if (release && !this.#stopping)
      cluster.release([id]).catch((error) => logger.warn({ executor: id, error }, 'an executor could not be released'));
  }

  #onHopeless({ reason, error }: Extract<RosterAction, { type: 'hopeless' }>): void {
    const failure = new KilnError('KILN_NO_EXECUTORS', `There are no executors: ${reason}`, {
      hint: 'Look at the log of the executors and of the cluster manager; kiln.executor.noExecutorsGrace says how long jobs wait for new ones',
      ...(error === null ? {} : { cause: errorFromData(error) }),
    });
    this.#first.reject(failure);
    this.#options.hooks.failJobs(failure);
  }
}
