import { tmpdir } from 'node:os';
import { type ExecutorId, errorToData, KilnError } from '@kiln/base';
import {
  type BlockTransport,
  type CopiedOutput,
  type Executor,
  type ExecutorConfig,
  type ExecutorFactory,
  type ExecutorOptions,
  type ExecutorUsage,
  type MapOutputLocation,
  type MapOutputs,
  noMetrics,
  type TaskDescription,
  type TaskResult,
  type TaskRunner,
} from '@kiln/contracts/executor';
import { MemoryManager } from '@kiln/contracts/memory';
import type { DataSource } from '@kiln/contracts/planner';
import {
  allOf,
  blockStoresExtensionPoint,
  dataSourcesExtensionPoint,
  EngineSettings,
  inject,
  injectable,
  Logger,
  taskRunnersExtensionPoint,
} from '@kiln/contracts/plugin';
import { type BlockStore, type BlockStoreProvider, ShuffleManager } from '@kiln/contracts/shuffle';
import { NativeExecutor } from '@kiln/native';
import { nativeError } from '../native/index.ts';
import { ClosureTaskRunner } from './closure/closure-task-runner.ts';
import { ExternalBlocks } from './external-blocks.ts';
import { ExternalSources } from './external-sources.ts';
import { PlanTaskRunner } from './plan-task-runner.ts';
import { nativeTransportOf } from './transport.ts';

/** Makes executors on the native one, with the runners that plugins contributed. */
@injectable()
export class DefaultExecutorFactory implements ExecutorFactory {
  readonly #settings: EngineSettings;
  readonly #memory: MemoryManager;
  readonly #shuffle: ShuffleManager;
  readonly #runners: readonly TaskRunner[];
  readonly #stores: readonly BlockStoreProvider[];
  readonly #sources: readonly DataSource[];
  readonly #logger: Logger;

  constructor(
    @inject(EngineSettings) settings: EngineSettings,
    @inject(MemoryManager) memory: MemoryManager,
    @inject(ShuffleManager) shuffle: ShuffleManager,
    @inject(allOf(taskRunnersExtensionPoint)) runners: readonly TaskRunner[],
    @inject(allOf(blockStoresExtensionPoint)) stores: readonly BlockStoreProvider[],
    @inject(allOf(dataSourcesExtensionPoint)) sources: readonly DataSource[],
    @inject(Logger) logger: Logger,
  ) {
    this.#settings = settings;
    this.#memory = memory;
    this.#shuffle = shuffle;
    this.#runners = runners;
    this.#stores = stores;
    this.#sources = sources;
    this.#logger = logger;
  }

  async create(options: ExecutorOptions): Promise<Executor> {
    const policy = this.#memory.policy({ totalBytes: options.memoryBytes, slots: options.slots });
    const { blockStore, compression } = this.#shuffle.writer(null);
    const store = this.#storeOf(blockStore);
    const localDirs = this.#settings.get('spark.local.dir');
    const spillDirs = localDirs.length > 0 ? localDirs : [tmpdir()];
    const config = {
      executorId: options.id,
      slots: options.slots,
      memoryBytes: policy.budgetBytes,
      storageFraction: policy.storageFraction,
      localDirs: spillDirs,
      blockStore,
      compression,
    };
    const native = openNative(config, options.transport);
    const sources = new ExternalSources(this.#sources, (call, data, error) => native.externalBatch(call, data, error));
    native.setExternalReader((request) => sources.onRequest(JSON.parse(request)));
    if (store !== null) {
      const blocks = new ExternalBlocks(store, (call, block, error) => native.blockAnswer(call, block, error));
      native.setBlockStore((request, block) => blocks.onRequest(JSON.parse(request), block));
    }
    const closures = new ClosureTaskRunner(native, {
      heapBytes: heapBytes(options, policy.budgetBytes),
      localDirs: spillDirs,
    });
    return new DefaultExecutor(options, native, closures, this.#runners, (shuffleId) =>
      this.#removeShuffle(store, shuffleId),
    );
  }

  /** `null`: a native one. Of several plugins with one scheme the last counts. */
  #storeOf(blockStore: string): BlockStore | null {
    const scheme = blockStore.replace(/:.*$/s, '');
    if (nativeSchemes.includes(scheme)) return null;
    const provider = this.#stores.findLast((candidate) => candidate.scheme === scheme);
    if (provider !== undefined) return provider.store;
    const known = [...nativeSchemes, ...this.#stores.map((candidate) => candidate.scheme)];
    throw new KilnError(
      'KILN_BLOCK_STORE_UNKNOWN',
      `There is no block store '${blockStore}', which the shuffle manager wants`,
      {
        hint: `Known: ${known.map((name) => `${name}:`).join(', ')}. A plugin adds others`,
        concerns: { blockStore },
      },
    );
  }

  #removeShuffle(store: BlockStore | null, shuffleId: number): void {
    Promise.resolve(store?.removeShuffle(shuffleId)).catch((error) => {
      this.#logger.warn({ shuffle: shuffleId, error }, 'the blocks of a shuffle could not be removed');
    });
  }
}

const nativeSchemes = ['memory', 'file'];

/** What a slot leaves to objects of users: its share of what is neither the engine's nor kept back for the process. */
function heapBytes({ memoryBytes, slots }: ExecutorOptions, budgetBytes: number): number {
  const rest = memoryBytes - budgetBytes;
  return Math.floor(Math.max(rest - reservedBytes, rest / 2, leastHeapBytes * slots) / slots);
}

const reservedBytes = 300 * 2 ** 20;
const leastHeapBytes = 64 * 2 ** 20;

function openNative(config: ExecutorConfig, transport: BlockTransport | null): NativeExecutor {
  try {
    return new NativeExecutor(JSON.stringify(config), nativeTransportOf(transport));
  } catch (error) {
    throw nativeError(error);
  }
}

function rethrow(error: unknown): never {
  throw nativeError(error);
}

class DefaultExecutor implements Executor {
  readonly id: ExecutorId;
  readonly slots: number;
  readonly #native: NativeExecutor;
  readonly #removeBlocks: (shuffleId: number) => void;
  readonly #plans: PlanTaskRunner;
  readonly #closures: ClosureTaskRunner;
  readonly #runners: ReadonlyMap<string, TaskRunner>;
  readonly #programs = new Map<string, Uint8Array>();
  readonly #running = new Map<number, { runner: TaskRunner; done: Promise<unknown> }>();

  constructor(
    options: ExecutorOptions,
    native: NativeExecutor,
    closures: ClosureTaskRunner,
    contributed: readonly TaskRunner[],
    removeBlocks: (shuffleId: number) => void,
  ) {
    this.id = options.id;
    this.slots = options.slots;
    this.#native = native;
    this.#removeBlocks = removeBlocks;
    this.#plans = new PlanTaskRunner(native);
    this.#closures = closures;
    this.#runners = new Map([this.#plans, closures, ...contributed].map((runner) => [runner.kind, runner]));
  }

  async launch(task: TaskDescription): Promise<TaskResult> {
    const { taskId, program } = task.spec;
    const runner = this.#runners.get(task.runner);
    if (runner === undefined) {
      const known = [...this.#runners.keys()].join(', ');
      return failed(taskId, `No task runner '${task.runner}' on executor ${this.id}; known: ${known}`);
    }
    try {
      if (runner === this.#plans) this.#plans.load(program, this.#program(program));
      const done = runner.run(task, { executorId: this.id, program: async (hash) => this.#program(hash) });
      this.#running.set(taskId, { runner, done });
      return await done;
    } catch (error) {
      const { message } = errorToData(error);
      return failed(taskId, `Task runner '${task.runner}' failed outside of its task: ${message}`);
    } finally {
      this.#running.delete(taskId);
    }
  }

  kill(taskId: number, reason: string): void {
    this.#running.get(taskId)?.runner.cancel(taskId, reason);
  }

  loadProgram(hash: string, bytes: Uint8Array): void {
    this.#programs.set(hash, bytes);
  }

  dropProgram(hash: string): void {
    this.#programs.delete(hash);
    this.#plans.drop(hash);
  }

  setMapOutputs(outputs: MapOutputs): void {
    this.#native.setMapOutputs(JSON.stringify(outputs));
  }

  removeShuffle(shuffleId: number): void {
    this.#native.removeShuffle(shuffleId);
    this.#removeBlocks(shuffleId);
  }

  async copyMapOutputs(shuffleId: number, outputs: readonly MapOutputLocation[]): Promise<readonly CopiedOutput[]> {
    const copied = this.#native.copyMapOutputs(shuffleId, JSON.stringify(outputs)).catch(rethrow);
    return JSON.parse(await copied) as readonly CopiedOutput[];
  }

  async registerWithShuffleService(address: string, secret: string): Promise<void> {
    await this.#native.registerWithShuffleService(address, Buffer.from(secret).toString('base64')).catch(rethrow);
  }

  usage(): ExecutorUsage {
    return JSON.parse(this.#native.usage()) as ExecutorUsage;
  }

  async stop(): Promise<void> {
    for (const [taskId, { runner }] of this.#running) runner.cancel(taskId, 'the executor stops');
    await Promise.allSettled([...this.#running.values()].map((task) => task.done));
    await this.#closures.stop();
    await this.#native.close();
  }

  #program(hash: string): Uint8Array {
    const bytes = this.#programs.get(hash);
    if (bytes === undefined) throw new Error(`Program ${hash} was not sent to executor ${this.id}`);
    return bytes;
  }
}

function failed(taskId: number, message: string): TaskResult {
  const failure = { kind: 'internal', class: 'KILN_TASK_RUNNER', message, causes: [], fetch: null } as const;
  return { outcome: { taskId, status: { type: 'failed', failure }, metrics: noMetrics }, data: null };
}
