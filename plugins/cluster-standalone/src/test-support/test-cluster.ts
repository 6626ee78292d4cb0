import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ExecutorId, workerId } from '@kiln/base';
import type { ClusterEvent } from '@kiln/contracts/cluster-manager';
import { afterEach, beforeEach } from 'vitest';
import { ClusterClient } from '../client/cluster-client.ts';
import { defaultMasterOptions, type MasterOptions } from '../master/core/options.ts';
import { Master } from '../master/master.ts';
import { StandaloneClusterManager } from '../plugin/standalone-cluster-manager.ts';
import { parseMasterUrl } from '../shared/master-url.ts';
import { Worker } from '../worker/worker.ts';

export const secret = 'a secret of the cluster tests';

/** Keeps what is logged. */
export class TestLogger {
  readonly lines: string[] = [];
  debug = () => {};
  info = (_: object, message: string) => void this.lines.push(message);
  warn = this.info;
  error = this.info;
}

export interface WorkerScript {
  readonly cores?: number;
  readonly memory?: number;
  readonly secret?: string;
}

/** Real masters, workers and cluster managers in this process; executors and drivers are stubs in processes of their own. */
export class TestCluster {
  directory = '';
  readonly log = new TestLogger();
  #stops: (() => Promise<unknown>)[] = [];
  #workers = 0;

  constructor() {
    beforeEach(() => {
      this.directory = mkdtempSync(join(tmpdir(), 'kiln-cluster-'));
    });
    afterEach(async () => {
      for (const stop of this.#stops.reverse()) await stop();
      this.#stops = [];
      this.#workers = 0;
      this.log.lines.length = 0;
      rmSync(this.directory, { recursive: true });
    });
  }

  async master(options: Partial<MasterOptions> = {}, port = 0, recovers = false): Promise<Master> {
    const master = await Master.start({
      ...{ host: '127.0.0.1', port, secret, tls: null, logger: this.log },
      options: { ...defaultMasterOptions, ...options },
      recovery: recovers ? { directory: join(this.directory, 'recovery'), leaseMillis: 2000 } : null,
    });
    this.#stops.push(() => master.stop());
    return master;
  }

  async worker(url: string, script: WorkerScript = {}): Promise<Worker> {
    const index = this.#workers++;
    const worker = await Worker.start({
      id: workerId(`worker-${index}`),
      masters: parseMasterUrl(url),
      secret: script.secret ?? secret,
      ...{ tls: null, host: '127.0.0.1', logger: this.log },
      resources: { cores: script.cores ?? 2, memoryBytes: (script.memory ?? 4096) * 2 ** 20 },
      workDirectory: join(this.directory, 'work'),
      executorMain: join(import.meta.dirname, 'stub-executor.ts'),
      driverMain: join(import.meta.dirname, 'stub-driver.ts'),
      executorGraceMillis: 2000,
      driverGraceMillis: 2000,
      cleanup: null,
    });
    this.#stops.push(() => worker.stop());
    return worker;
  }

  client(url: string): ClusterClient {
    return new ClusterClient({
      master: url,
      secret: { conf: { 'spark.authenticate.secret': secret }, environment: {} },
    });
  }

  /** The driver's side of an application. */
  application(url: string, conf: Record<string, string> = {}, environment: Record<string, string> = {}) {
    const manager = new StandaloneClusterManager({
      master: url,
      conf: {
        'spark.executor.cores': '1',
        'spark.executor.memory': '512m',
        'spark.authenticate.secret': secret,
        ...conf,
      },
      machine: { cores: 1, memoryBytes: 1 },
      applicationId: `app-${this.#stops.length}`,
      applicationName: 'test',
      executorLaunch: (executorId, { cores, memoryBytes }) => ({
        ...{ driverUrl: 'http://127.0.0.1:1', applicationId: '', secret: '', executorId, cores, memoryBytes },
        ...{ host: '127.0.0.1', tls: null, networkTimeoutMillis: 1, reconnectMillis: 1, maxMessageBytes: 1 },
        environment,
        localDirs: [],
      }),
      executorMain: () => '',
      logger: this.log,
    });
    const events: ClusterEvent[] = [];
    manager.onEvent((event) => events.push(event));
    this.#stops.push(() => manager.stop());
    return {
      manager,
      events,
      /** Ids of those that were granted and have not exited. */
      get executors(): readonly ExecutorId[] {
        const living = new Set<ExecutorId>();
        for (const event of events) {
          if (event.type === 'granted') living.add(event.executor.executorId);
          if (event.type === 'exited') living.delete(event.executorId);
        }
        return [...living];
      },
      start: () => manager.requestTotal(manager.initialRequest),
    };
  }
}
