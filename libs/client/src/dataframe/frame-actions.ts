import type { Relation, StructField } from '@kiln/contracts';
import { functionExpression } from '../column/column.ts';
import { clientError } from '../errors.ts';
import type { RDD } from '../rdd/rdd.ts';
import { schemaTree, typeText } from '../types/type-text.ts';
import { literal } from '../values/literal.ts';
import type { Row, RowOf } from '../values/value.ts';
import { type ExplainMode, explainText } from './explain-text.ts';
import type { FrameContext } from './frame-context.ts';
import { DataFrameWriter, type WriteActions } from './writer.ts';

/** How an action is called in events, and how it is cancelled. */
export interface ActionOptions {
  /** For progress and the event log; the action's name when left out. */
  readonly description?: string;
  /** Aborting it cancels the job. */
  readonly signal?: AbortSignal;
}

/** How `show` prints. */
export interface ShowFormat extends ActionOptions {
  /** Rows to print: 20. */
  readonly rows?: number;
  /** Characters a cell may take: 20; `false` or 0: all. */
  readonly truncate?: number | boolean;
  /** One line per value instead of one per row. */
  readonly vertical?: boolean;
}

/**
 * The half of a DataFrame that runs things. Everything here asks the engine; everything in {@link DataFrame} only builds.
 */
export abstract class FrameActions<T extends object = Row> {
  readonly #context: FrameContext;
  readonly #plan: Relation;
  readonly #id: number;
  #tracked = false;

  protected constructor(context: FrameContext, plan: Relation) {
    this.#context = context;
    this.#id = context.nextFrameId();
    this.#plan = { type: 'plan-id', input: plan, planId: this.#id };
  }

  /** The unresolved plan as data. */
  get plan(): Relation {
    return this.#plan;
  }

  /** The session's side of this DataFrame. */
  protected get context(): FrameContext {
    return this.#context;
  }

  /** By which columns of this DataFrame are told from equal names of another. */
  protected get id(): number {
    return this.#id;
  }

  // ---- about the result, without running it

  /** Names, types and nullability. Errors of the query show here, with their position in the SQL text. */
  async schema(): Promise<readonly StructField[]> {
    return this.#context.engine.schema(this.#context.query(this.#plan, null));
  }

  /** Names of the columns. */
  async columns(): Promise<string[]> {
    return (await this.schema()).map((field) => field.name);
  }

  /** Names and types: `[['id', 'bigint'], ['name', 'string']]`. */
  async dtypes(): Promise<[name: string, type: string][]> {
    return (await this.schema()).map((field) => [field.name, typeText(field.dataType)]);
  }

  /** Prints the schema as a tree. */
  async printSchema(): Promise<void> {
    process.stdout.write(`${schemaTree(await this.schema())}\n`);
  }

  /** Prints the plan; see {@link explainString}. */
  async explain(mode: ExplainMode = 'simple'): Promise<void> {
    process.stdout.write(`${await this.explainString(mode)}\n`);
  }

  /** `simple`: operators that will run. `extended`: all forms of the plan. `formatted`: the stages with their partitioning and sizes. */
  async explainString(mode: ExplainMode = 'simple'): Promise<string> {
    return this.#explain(this.#plan, mode);
  }

  // ---- actions

  /** All rows, in the memory of this thread (limit: `spark.driver.maxResultSize`). */
  async collect(options: ActionOptions = {}): Promise<RowOf<T>[]> {
    return this.#rows(this.#plan, 'collect', options);
  }

  /** Rows one by one, in order, as partitions are ready. Leaving the loop cancels what is not done. */
  async *toLocalIterator(options: ActionOptions = {}): AsyncGenerator<RowOf<T>, void, undefined> {
    const stop = new AbortController();
    const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
    let done = false;
    try {
      for await (const rows of this.#partitions(this.#plan, 'toLocalIterator', { ...options, signal })) yield* rows;
      done = true;
    } finally {
      if (!done) stop.abort('the iteration ended');
    }
  }

  /** Arrow IPC streams, one per partition, for another Arrow library. */
  async toArrow(options: ActionOptions = {}): Promise<Uint8Array[]> {
    return this.#streams(this.#plan, 'toArrow', options);
  }

  /** Number of rows. */
  async count(options: ActionOptions = {}): Promise<number> {
    const counted = { type: 'alias', expression: functionExpression('count', [literal(1)]), names: ['count'] } as const;
    const plan: Relation = {
      type: 'aggregate',
      input: this.#plan,
      groupKind: 'group-by',
      grouping: [],
      groupingSets: [],
      aggregates: [counted],
      having: null,
    };
    const [row] = await this.#rows<{ readonly count: bigint }>(plan, 'count', options);
    return Number(row?.count ?? 0n);
  }

  /** The first `n` rows. */
  async take(n: number, options: ActionOptions = {}): Promise<RowOf<T>[]> {
    return this.#rows(limited(this.#plan, n), `take ${n}`, options);
  }

  /** The same as {@link take}; one row when `n` is left out. */
  async head(n = 1, options: ActionOptions = {}): Promise<RowOf<T>[]> {
    return this.take(n, options);
  }

  /** The first row, if there is one. */
  async first(options: ActionOptions = {}): Promise<RowOf<T> | undefined> {
    const [row] = await this.take(1, options);
    return row;
  }

  /** The last `n` rows. */
  async tail(n: number, options: ActionOptions = {}): Promise<RowOf<T>[]> {
    return this.#rows({ type: 'tail', input: this.#plan, limit: count(n) }, `tail ${n}`, options);
  }

  /** Whether there is no row. */
  async isEmpty(options: ActionOptions = {}): Promise<boolean> {
    return (await this.take(1, options)).length === 0;
  }

  /** Prints the first rows as a table: `show()`, `show(5)`, `show(5, false)`, `show({ rows: 5, vertical: true })`. */
  async show(rows: number | ShowFormat = 20, truncate: number | boolean = true): Promise<void> {
    process.stdout.write(await this.showString(typeof rows === 'number' ? { rows, truncate } : rows));
  }

  /** What {@link show} prints. */
  async showString(format: ShowFormat = {}): Promise<string> {
    const { rows = 20, truncate = true, vertical = false } = format;
    // One more than shown tells whether there are more.
    const streams = await this.#streams(limited(this.#plan, rows + 1), `show ${rows}`, format);
    return this.#context.engine.showString(streams, {
      rows,
      truncate: truncate === true ? 20 : Number(truncate),
      vertical,
    });
  }

  /**
   * The rows as an RDD, a partition for each of the result. The query runs once, when the RDD is run first, and its rows go through this
   * thread (limit: `spark.driver.maxResultSize`): narrow it down before.
   */
  rdd(): RDD<T> {
    return this.#context.sparkContext.fromPartitions('rdd', () => this.#partitions<T>(this.#plan, 'rdd', {}));
  }

  /** Writes the result to files: `await df.write.mode('overwrite').parquet('out/late')`. */
  get write(): DataFrameWriter {
    const actions: WriteActions = {
      write: async (plan, mode, options) => {
        this.#track();
        return this.#context.engine.write(this.#context.query(plan, null), { mode, ...jobOptions('write', options) });
      },
      explain: (plan, mode) => this.#explain(plan, mode),
    };
    return new DataFrameWriter(actions, this.#plan);
  }

  // ---- views

  /** Gives SQL a name for this DataFrame; one of the same name is replaced for what is built from now on. */
  createOrReplaceTempView(name: string): void {
    this.#context.addView(name, this.#plan, true);
  }

  /** Gives SQL a name for this DataFrame. Errors: KILN_VIEW_EXISTS. */
  createTempView(name: string): void {
    this.#context.addView(name, this.#plan, false);
  }

  // ---- running

  async #rows<R extends object = T>(plan: Relation, action: string, options: ActionOptions): Promise<RowOf<R>[]> {
    const all: RowOf<R>[] = [];
    for await (const rows of this.#partitions<R>(plan, action, options)) for (const row of rows) all.push(row);
    return all;
  }

  async *#partitions<R extends object = T>(
    plan: Relation,
    action: string,
    options: ActionOptions,
  ): AsyncGenerator<Iterable<RowOf<R>>> {
    const { schema, results } = this.#execute(plan, action, options);
    const { decodeRows } = await import('../values/decode.ts');
    for await (const stream of results)
      yield decodeRows(stream, await schema) as Iterable<unknown> as Iterable<RowOf<R>>;
  }

  async #streams(plan: Relation, action: string, options: ActionOptions): Promise<Uint8Array[]> {
    const streams: Uint8Array[] = [];
    for await (const stream of this.#execute(plan, action, options).results) streams.push(stream);
    return streams;
  }

  #execute(plan: Relation, action: string, options: ActionOptions) {
    options.signal?.throwIfAborted();
    this.#track();
    const query = this.#context.query(plan, plan === this.#plan ? this.#id : null);
    return this.#context.engine.execute(query, jobOptions(action, options));
  }

  async #explain(plan: Relation, mode: ExplainMode): Promise<string> {
    return explainText(await this.#context.engine.explain(this.#context.query(plan, null)), plan, mode);
  }

  /** Only a DataFrame that ran something has anything to release. */
  #track(): void {
    if (this.#tracked) return;
    this.#tracked = true;
    this.#context.releaseWhenCollected(this, this.#id);
  }
}

/** The first `n` rows of a plan. */
export function limited(plan: Relation, n: number): Relation {
  return { type: 'limit', input: plan, limit: literal(count(n)) };
}

/** A number of rows. */
export function count(n: number): number {
  if (Number.isInteger(n) && n >= 0 && n < 2 ** 31) return n;
  throw clientError('KILN_ARGUMENT', `${n} is not a number of rows.`);
}

function jobOptions(action: string, { description = action, signal }: ActionOptions) {
  return signal ? { description, signal } : { description };
}
