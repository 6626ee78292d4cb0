import { type ExecutorId, errorToData, executorId, KilnError, TypedEmitter, type Unregister } from '@kiln/base';
import type { ClusterEvent, ClusterManager, ClusterManagerEnv, ExecutorRequest } from '@kiln/contracts/cluster-manager';
import { type ExecutorExit, type ExecutorProcess, startExecutor } from '@kiln/launcher';
import { ExecutorStarts } from './executor-starts.ts';
import { parseLocalClusterMaster } from './master-url.ts';

/** How long an executor that is told to stop may take before it is ended. */
const stopMillis = 5_000;
const host = '127.0.0.1';
const maxRetriesName = 'spark.deploy.maxExecutorRetries';
const defaultRetries = 10;

/** `local-cluster[N,C,M]`: N executor processes on this machine. One that ends by itself is replaced, up to a limit. */
export class LocalProcessesManager implements ClusterManager {
  readonly placement = 'process';
  readonly maxTaskFailures = null;
  readonly initialRequest: ExecutorRequest;
  readonly #env: ClusterManagerEnv;
  readonly #events = new TypedEmitter<{ event: ClusterEvent }>();
  readonly #processes = new Map<ExecutorId, ExecutorProcess>();
  readonly #starts: ExecutorStarts;
  #request: ExecutorRequest;
  #nextId = 0;
  #restart: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(env: ClusterManagerEnv) {
    this.#env = env;
    const { executors: total, cores, memoryBytes } = parseLocalClusterMaster(env.master);
    this.initialRequest = { total, resources: { cores, memoryBytes }, placementHints: {} };
    this.#request = { ...this.initialRequest, total: 0 };
    this.#starts = new ExecutorStarts(Number(env.conf[maxRetriesName] ?? defaultRetries));
  }

  async requestTotal(request: ExecutorRequest): Promise<void> {
    this.#request = request;
    this.#startMissing();
  }

  async release(executors: readonly ExecutorId[]): Promise<void> {
    await Promise.all(executors.map((id) => this.#processes.get(id)?.stop(stopMillis)));
  }

  onEvent(listener: (event: ClusterEvent) => void): Unregister {
    return this.#events.on('event', listener);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#restart);
    await this.release([...this.#processes.keys()]);
    this.#events.removeAll();
  }

  #startMissing(): void {
    if (this.#stopped) return;
    while (this.#processes.size < this.#request.total) this.#start();
  }

  #start(): void {
    const id = executorId(String(this.#nextId++));
    const { resources } = this.#request;
    const { logger } = this.#env;
    const process_ = startExecutor({
      main: this.#env.executorMain(),
      launch: this.#env.executorLaunch(id, resources),
      // What the job itself shows goes to standard output: an executor's words stay apart from it.
      onLine: (line) => process.stderr.write(`${line}\n`),
    });
    const startedAt = Date.now();
    this.#processes.set(id, process_);
    logger.info({ executor: id, pid: process_.pid }, 'an executor was started');
    this.#events.emit('event', {
      type: 'granted',
      executor: { executorId: id, host, resources, placement: 'process' },
    });
    void process_.exited.then((exit) => this.#onExit(id, exit, Date.now() - startedAt));
  }

  #onExit(id: ExecutorId, { wanted, reason }: ExecutorExit, livedMillis: number): void {
    this.#processes.delete(id);
    const why = wanted ? 'it was told to stop' : reason;
    this.#events.emit('event', {
      type: 'exited',
      executorId: id,
      reason: why,
      causedByApp: !wanted,
      preempted: false,
    });
    if (wanted) return this.#startMissing();
    const wait = this.#starts.failed(livedMillis);
    if (wait === null) return this.#giveUp(reason);
    clearTimeout(this.#restart);
    this.#restart = setTimeout(() => this.#startMissing(), wait);
  }

  #giveUp(reason: string): void {
    this.#request = { ...this.#request, total: 0 };
    const { failures } = this.#starts;
    const error = new KilnError(
      'KILN_EXECUTORS_FAIL',
      `${failures} executors ended in a row, the last one so: ${reason}`,
      {
        hint: `Their log says more; ${maxRetriesName} says how many may fail in a row`,
      },
    );
    this.#events.emit('event', { type: 'failed', error: errorToData(error) });
  }
}
