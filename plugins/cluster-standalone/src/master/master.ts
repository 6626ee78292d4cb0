import { hostname } from 'node:os';
import { type Clock, KilnError, systemClock } from '@kiln/base';
import type { Logger } from '@kiln/contracts/plugin';
import { type RpcLimits, type RpcServer, type ServerTls, serve } from '@kiln/rpc';
import { MasterService } from '@kiln/rpc/cluster';
import { Leadership } from '../recovery/leadership.ts';
import { StateStore } from '../recovery/state-store.ts';
import { Terms } from '../recovery/terms.ts';
import { masterUrl } from '../shared/master-url.ts';
import { clusterIdentity } from '../shared/secret.ts';
import { MasterActor } from './actor.ts';
import { MasterCore } from './core/master-core.ts';
import type { MasterOptions } from './core/options.ts';
import { masterService, type Reign } from './service.ts';
import { Sessions } from './sessions.ts';

export interface MasterConfig {
  /** Name or address of this machine under which others reach it; the master listens there. `0.0.0.0`: everywhere, under the machine's name. */
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly secret: string;
  readonly tls: ServerTls | null;
  readonly limits?: Partial<RpcLimits>;
  readonly options: MasterOptions;
  /** `null`: nothing is kept, and there are no standbys. */
  readonly recovery: { readonly directory: string; readonly leaseMillis: number } | null;
  readonly logger: Logger;
  readonly clock?: Clock;
  /** Another master reigns; this one waits. */
  readonly onStandby?: (reigning: string, url: string) => void;
  /** This one reigns: at once, or after the one before it. */
  readonly onReign?: (url: string) => void;
}

const tickMillis = 1000;

const reachableHost = (host: string): string => (host === '0.0.0.0' || host === '::' ? hostname() : host);

/** The process of a master around its core: its port, its turn among several, its state on disk. */
export class Master {
  readonly url: string;
  /** Resolves when it was stopped. Rejects when it must end: another took over, or its state cannot be read or saved. */
  readonly ended: Promise<void>;
  readonly #config: MasterConfig;
  readonly #clock: Clock;
  readonly #server: RpcServer;
  readonly #sessions: Sessions;
  readonly #leadership: Leadership | undefined;
  readonly #terms: Terms | undefined;
  #reign: Reign | undefined;
  #cancelTick: (() => void) | undefined;
  #isStopped = false;
  #end: { readonly resolve: () => void; readonly reject: (error: unknown) => void };

  private constructor(config: MasterConfig, server: RpcServer, holder: { reign: () => Reign | undefined }) {
    this.#config = config;
    this.#clock = config.clock ?? systemClock;
    this.#server = server;
    this.#sessions = new Sessions(config.logger);
    this.url = masterUrl([{ host: reachableHost(config.host), port: server.port }]);
    const { promise, ...end } = Promise.withResolvers<void>();
    this.ended = promise;
    promise.catch(() => {});
    this.#end = end;
    holder.reign = () => this.#reign;
    if (config.recovery === null) return;
    this.#terms = new Terms(config.recovery.directory);
    this.#leadership = new Leadership({
      terms: this.#terms,
      url: this.url,
      leaseMillis: config.recovery.leaseMillis,
      clock: this.#clock,
      logger: config.logger,
      onStandby: (reigning) => config.onStandby?.(reigning, this.url),
    });
  }

  /** Listens; reigns at once, or when its turn has come. Errors: KILN_RPC_LISTEN. */
  static async start(config: MasterConfig): Promise<Master> {
    const holder: { reign: () => Reign | undefined } = { reign: () => undefined };
    const server = await serve({
      routes: (router) =>
        router.service(
          MasterService,
          masterService(() => holder.reign(), config.logger),
        ),
      host: config.host,
      port: config.port,
      secretOf: (identity) => (identity === clusterIdentity ? config.secret : undefined),
      tls: config.tls,
      ...(config.limits === undefined ? {} : { limits: config.limits }),
      logger: config.logger,
    });
    const master = new Master(config, server, holder);
    master.#rule().catch((error: unknown) => master.#fail(error));
    return master;
  }

  /** Closes all connections; workers and applications go on without it. */
  async stop(): Promise<void> {
    await this.#close();
    this.#end.resolve();
  }

  async #rule(): Promise<void> {
    if (this.#leadership === undefined || this.#terms === undefined) return this.#begin(0, null);
    const term = await this.#leadership.acquire();
    const store = new StateStore(this.#terms, term);
    await this.#begin(term, store);
    const lost = await this.#leadership.hold();
    if (lost !== undefined && !this.#isStopped)
      throw new KilnError('KILN_MASTER_REPLACED', `This master ends: ${lost}`, {
        hint: 'Start it again to have it stand by',
      });
  }

  async #begin(term: number, store: StateStore | null): Promise<void> {
    const { options, logger } = this.#config;
    const core = new MasterCore(options);
    const actor = new MasterActor({
      core,
      clock: this.#clock,
      save: store === null ? null : (snapshot) => this.#save(store, snapshot),
      perform: this.#sessions.perform,
      onFailure: (error) => this.#fail(error),
    });
    if (store !== null) {
      const snapshot = await store.recover();
      if (snapshot !== undefined) await actor.post({ type: 'recovered', snapshot });
      await store.save(core.snapshot());
      await store.forgetPredecessors();
    }
    if (this.#isStopped) return;
    const heartbeatMillis = Math.max(1, Math.floor(options.workerTimeoutMillis / 4));
    this.#reign = { term, heartbeatMillis, core, actor, sessions: this.#sessions };
    this.#tick(this.#reign);
    logger.debug({ term }, 'reigns');
    this.#config.onReign?.(this.url);
  }

  async #save(store: StateStore, snapshot: Parameters<StateStore['save']>[0]): Promise<void> {
    await store.save(snapshot);
    // Nothing is done on the strength of a state that nobody will read.
    if (await this.#leadership?.isReplaced())
      throw new KilnError('KILN_MASTER_REPLACED', 'This master ends: another one took over', {
        hint: 'Start it again to have it stand by',
      });
  }

  #tick(reign: Reign): void {
    this.#cancelTick = this.#clock.after(tickMillis, () => {
      void reign.actor.post({ type: 'tick' });
      this.#sessions.keepApplications((id) => reign.core.hasApplication(id));
      this.#tick(reign);
    });
  }

  #fail(error: unknown): void {
    if (this.#isStopped) return;
    this.#close().then(
      () => this.#end.reject(error),
      () => this.#end.reject(error),
    );
  }

  async #close(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#cancelTick?.();
    this.#reign?.actor.stop();
    this.#reign = undefined;
    this.#sessions.close();
    await this.#leadership?.stop();
    await this.#server.close();
  }
}
