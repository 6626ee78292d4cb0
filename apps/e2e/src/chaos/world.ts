import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SessionOptions } from '@kiln/client';
import type { EngineEvent } from '@kiln/contracts';
import { fixturePlugin } from '../support/paths.ts';
import { freePort, startProxy, type TestProxy } from '../support/proxy.ts';
import { executorsOf } from '../support/traces.ts';
import { type Driver, startDriverHere, startDriverProcess } from './driver.ts';
import { Residue } from './residue.ts';
import { RunLog } from './run-log.ts';
import type { ClusterSpec, Scenario } from './scenario.ts';
import { SmallDisk } from './small-disk.ts';
import { StandaloneCluster } from './standalone.ts';

/** How long an executor whose driver is gone, or that is told to end, may live on. */
const endMillis = 30_000;

/** One cluster with one application on it, and handles to everything that can be broken. */
export class World {
  readonly directory = mkdtempSync(join(tmpdir(), 'kiln-chaos-'));
  readonly localDirs: readonly string[];
  readonly log = new RunLog();
  readonly #residue = new Residue();
  readonly #pids = new Map<string, number>();
  #driver: Driver | undefined;
  #proxy: TestProxy | undefined;
  #cluster: StandaloneCluster | undefined;
  readonly #disks: readonly SmallDisk[];
  #onEvent: (event: EngineEvent) => void = () => {};

  private constructor(disks = 0) {
    this.#disks = Array.from({ length: disks }, (_, index) => new SmallDisk(join(this.directory, `disk${index}`)));
    this.localDirs = disks === 0 ? [join(this.directory, 'local')] : this.#disks.map(({ folder }) => folder);
  }

  static async open(scenario: Scenario): Promise<World> {
    const world = new World(scenario.disks);
    try {
      await world.#start(scenario);
      return world;
    } catch (error) {
      await world.close();
      throw error;
    }
  }

  get driver(): Driver {
    if (this.#driver === undefined) throw new Error('there is no driver');
    return this.#driver;
  }

  /** The way between the driver and its executors. */
  get proxy(): TestProxy {
    if (this.#proxy === undefined) throw new Error('this scenario has no proxy');
    return this.#proxy;
  }

  /** Master and workers. */
  get cluster(): StandaloneCluster {
    if (this.#cluster === undefined) throw new Error('this scenario has no standalone cluster');
    return this.#cluster;
  }

  disk(index: number): SmallDisk {
    const disk = this.#disks[index];
    if (disk === undefined) throw new Error(`this scenario has no disk ${index}`);
    return disk;
  }

  /** Hears events from now on; one at a time. */
  listen(onEvent: (event: EngineEvent) => void): void {
    this.#onEvent = onEvent;
  }

  /** Also of an executor that was declared lost and whose process lives on. Errors: there is no such process. */
  pidOf(executorId: string): number {
    this.#lookAtExecutors();
    const pid = this.#pids.get(executorId);
    if (pid === undefined)
      throw new Error(`executor ${executorId} has no process; there are: ${[...this.#pids.keys()].join(', ')}`);
    return pid;
  }

  /** Of executors that run now. */
  executorPids(): readonly number[] {
    return [...executorsOf(this.driver.appId).values()];
  }

  /** Ends the driver, then sees to it that nothing is left of it, and of a cluster when that has ended too. Errors: lists what is left. */
  async end(): Promise<void> {
    const { appId } = this.driver;
    await this.driver.stop();
    this.#driver = undefined;
    this.#proxy?.close();
    const folders = this.#disks.length === 0 ? this.localDirs : this.#writableDisks();
    await this.#residue.expectNone([appId], folders, endMillis);
    await this.#cluster?.stop();
    await this.#residue.expectNone([appId, this.directory], folders, endMillis);
  }

  #writableDisks(): readonly string[] {
    return this.#disks.filter(({ isReadOnly }) => !isReadOnly).map(({ folder }) => folder);
  }

  async close(): Promise<void> {
    await this.#driver?.stop();
    this.#proxy?.close();
    await this.#cluster?.stop();
    for (const pid of this.#pids.values()) kill(pid);
    for (const disk of this.#disks) disk.unmount();
    rmSync(this.directory, { recursive: true, force: true });
  }

  async #start(scenario: Scenario): Promise<void> {
    for (const folder of this.localDirs) mkdirSync(folder, { recursive: true });
    const session = await this.#sessionOptions(scenario);
    const onEvent = (event: EngineEvent) => {
      this.log.add(event);
      this.#onEvent(event);
    };
    const start = scenario.driver === 'process' ? startDriverProcess : startDriverHere;
    this.#driver = await start({ session, directory: this.directory, onEvent });
    this.#lookAtExecutors();
  }

  async #sessionOptions({ cluster, conf, faults }: Scenario): Promise<SessionOptions> {
    const options = {
      plugins: [fixturePlugin('slow-source'), fixturePlugin('faulty-source')],
      conf: { ...defaults, 'spark.local.dir': this.localDirs.join(','), ...conf },
    };
    if (cluster.kind === 'standalone') {
      const { url: master, conf: access } = await this.#startCluster(cluster);
      return { ...options, master, conf: { ...options.conf, ...access, 'spark.executor.memory': `${executorMiB}m` } };
    }
    if (cluster.kind === 'local') return { ...options, master: `local[${cluster.cores}]` };
    const master = `local-cluster[${cluster.executors},${cluster.cores},${executorMiB}]`;
    const isProxied = faults.some(({ what }) => 'way' in what);
    if (!isProxied && cluster.hosts !== true) return { ...options, master };
    const port = await freePort();
    if (isProxied) this.#proxy = await startProxy(() => port);
    const config = {
      ...(this.#proxy === undefined ? {} : { driverUrl: `http://127.0.0.1:${this.#proxy.port}` }),
      hosts: cluster.hosts === true,
    };
    return {
      master: master.replace('local', 'proxied'),
      plugins: [...options.plugins, { package: fixturePlugin('proxied-cluster'), config }],
      conf: { ...options.conf, 'spark.driver.port': String(port) },
    };
  }

  async #startCluster({ workers, cores }: ClusterSpec & { kind: 'standalone' }): Promise<StandaloneCluster> {
    const cluster = new StandaloneCluster(this.directory, cores);
    this.#cluster = cluster;
    await cluster.startMaster();
    for (let worker = 0; worker < workers; worker++) await cluster.startWorker();
    return cluster;
  }

  #lookAtExecutors(): void {
    for (const [id, pid] of executorsOf(this.driver.appId)) this.#pids.set(id, pid);
  }
}

const executorMiB = 1024;

/** What makes small data take the way of large data. */
const defaults = {
  'spark.scheduler.minRegisteredResourcesRatio': '1',
  'spark.sql.shuffle.partitions': '6',
  'spark.sql.adaptive.coalescePartitions.enabled': 'false',
  'spark.sql.files.maxPartitionBytes': '512KB',
  'spark.sql.files.openCostInBytes': '0',
};

/** Of an executor that is stopped, too. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended, as it should.
  }
}
