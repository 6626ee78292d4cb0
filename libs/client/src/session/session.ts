import { createRequire } from 'node:module';
import type { Unregister } from '@kiln/base';
import type { EngineEvent, EngineListener, ExecutorUsage, StructField } from '@kiln/contracts';
import { DataFrame } from '../dataframe/dataframe.ts';
import type { EngineHandle, PluginReference } from '../engine-port.ts';
import type { SparkContext } from '../rdd/spark-context.ts';
import { currentSubmission } from '../submission/index.ts';
import type { Row } from '../values/value.ts';
import { applicationFile } from './files.ts';
import { localRelation, type RowInput } from './local-rows.ts';
import { requireNode } from './node-version.ts';
import { type OptionValue, optionTexts } from './options.ts';
import { DataFrameReader } from './reader.ts';
import type { RuntimeConf } from './runtime-conf.ts';
import { SessionState } from './session-state.ts';

/** What a session is created with. */
export interface SessionOptions {
  /** Name of the application, for people. */
  readonly name?: string;
  /** Where it runs: `local[*]` (when left out), `local[4]`, `local-cluster[2,1,1024]`, or the URL of a cluster manager. */
  readonly master?: string;
  /** Settings under Spark's names: `{ 'spark.sql.shuffle.partitions': 8 }`. */
  readonly conf?: Readonly<Record<string, OptionValue>>;
  /** Packages, paths or file URLs. */
  readonly plugins?: readonly PluginReference[];
  /** Chooses a plugin where two offer the same service: token name to plugin id. */
  readonly bindings?: Readonly<Record<string, string>>;
  /** Folder from which plugins are resolved; the working directory when left out. */
  readonly baseDir?: string;
  /** Hears of unknown settings and the like; they become warnings of the process when left out. */
  readonly onWarning?: (warning: string) => void;
}

/**
 * The way in: makes DataFrames and runs them on an engine.
 *
 * ```ts
 * await using session = await Session.create({ master: 'local[4]' });
 * const flights = session.read.parquet('flights.parquet');
 * await flights.groupBy('origin').count().show();
 * ```
 */
export class Session implements AsyncDisposable {
  readonly #state: SessionState;
  readonly #engine: EngineHandle;
  #onStopping: (() => void) | undefined;

  private constructor(engine: EngineHandle, conf: Readonly<Record<string, string>>) {
    this.#engine = engine;
    this.#state = new SessionState(engine, conf);
  }

  /**
   * Starts an engine. All that is wrong with the options is said in one error. In a program that `kiln submit` runs, what is left out here is
   * as the flags and files of the submission say.
   */
  static async create(options: SessionOptions = {}): Promise<Session> {
    requireNode();
    const submission = currentSubmission();
    const { onWarning = submission?.onWarning ?? warnProcess, ...rest } = options;
    const { startEngine } = await import('@kiln/host');
    const conf = { ...submission?.conf, ...optionTexts(rest.conf ?? {}) };
    const session = new Session(await startEngine({ executorMain: executorMain(), ...rest, conf }), conf);
    for (const warning of session.warnings) onWarning(warning);
    submission?.onSession?.(session);
    session.#onStopping = () => submission?.onStopping?.(session);
    return session;
  }

  /** A session over an engine that was started otherwise: a test's fake, or one that two sessions share. */
  static over(engine: EngineHandle, conf: Readonly<Record<string, OptionValue>> = {}): Session {
    return new Session(engine, optionTexts(conf));
  }

  /** Unique among applications. */
  get appId(): string {
    return this.#engine.appId;
  }

  /** Where it runs. */
  get master(): string {
    return this.#engine.master;
  }

  /** What the engine found odd about the settings. */
  get warnings(): readonly string[] {
    return this.#engine.warnings;
  }

  /** Settings for later queries. */
  get conf(): RuntimeConf {
    return this.#state.conf;
  }

  /** Makes RDDs: `session.sparkContext.textFile('log.txt')`. */
  get sparkContext(): SparkContext {
    return this.#state.sparkContext;
  }

  /** Reads files and other sources. */
  get read(): DataFrameReader {
    return new DataFrameReader(this.#state);
  }

  /** A query in SQL over temp views. The text is parsed when the DataFrame is used. */
  sql<T extends object = Row>(text: string): DataFrame<T> {
    return new DataFrame<T>(this.#state, { type: 'sql', text });
  }

  /** A temp view. */
  table<T extends object = Row>(name: string): DataFrame<T> {
    return this.read.table<T>(name);
  }

  /** The numbers from `start` (0) to before `end`, as a BIGINT column `id`: `range(10)`, `range(5, 10)`, `range(0, 100, 5)`. */
  range(end: number): DataFrame<{ readonly id: bigint }>;
  range(start: number, end: number, step?: number, partitions?: number): DataFrame<{ readonly id: bigint }>;
  range(first: number, second?: number, step = 1, partitions?: number): DataFrame<{ readonly id: bigint }> {
    const [start, end] = second === undefined ? [0, first] : [first, second];
    return new DataFrame(this.#state, {
      type: 'range',
      start,
      end,
      step,
      numPartitions: partitions ?? null,
      columnId: null,
    });
  }

  /**
   * Rows from JavaScript. `schema` is SQL (`'id bigint, name string'`), fields, or just names; without it `number` is DOUBLE,
   * `bigint` BIGINT, `string` STRING, `boolean` BOOLEAN, `Date` TIMESTAMP, `Uint8Array` BINARY.
   */
  createDataFrame<T extends RowInput>(
    rows: readonly T[],
    schema?: string | readonly StructField[] | readonly string[],
  ): DataFrame<T extends readonly unknown[] ? Row : T> {
    return new DataFrame(this.#state, localRelation(rows, schema));
  }

  /**
   * Where a file is that the application brought (`--files`, `spark.files`), by its name, as SparkFiles.get: on this machine, for this program
   * and for executors of it. Errors: KILN_ARGUMENT.
   */
  file(name: string): string {
    return applicationFile(name, this.conf.getAll());
  }

  /** Forgets a temp view; false if there was none. */
  dropTempView(name: string): boolean {
    return this.#state.dropView(name);
  }

  /** Hears what the engine does: jobs, stages, tasks. Events come in order, on this thread. */
  listen(listener: EngineListener | ((event: EngineEvent) => void)): Unregister {
    return this.#state.engine.listen(typeof listener === 'function' ? { onEvent: listener } : listener);
  }

  /** Cancels a job by the id that its events carry. */
  cancelJob(jobId: number, reason = 'cancelled by the user'): void {
    this.#state.engine.cancelJob(jobId, reason);
  }

  /** What executors hold at this moment. */
  async usage(): Promise<ExecutorUsage> {
    return this.#state.engine.usage();
  }

  /** Cancels what runs and ends the engine. A second call does nothing. */
  async stop(): Promise<void> {
    this.#onStopping?.();
    await this.#state.stop();
  }

  /** `await using session = ...` stops it at the end of the block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

function warnProcess(warning: string): void {
  process.emitWarning(warning, 'KilnWarning');
}

/** Executor processes are started from here, so this package brings them along. */
function executorMain(): string | null {
  try {
    return createRequire(import.meta.url).resolve('@kiln/executor');
  } catch {
    return null;
  }
}
