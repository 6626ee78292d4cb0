import type { FunctionCode, LineageAction, StructField } from '@kiln/contracts';
import { decodeAll } from '@kiln/engine/records';
import type { DataFrame } from '../dataframe/dataframe.ts';
import type { ActionOptions } from '../dataframe/frame-actions.ts';
import type { EngineHandle, WriteResult } from '../engine-port.ts';
import type { RowInput } from '../session/local-rows.ts';
import { bundleOf } from './from-module.ts';
import { type SentFunction, sourceOf } from './function-source.ts';
import {
  ancestry,
  type FunctionNumbers,
  lineageOf,
  type RddNode,
  type ResolveContext,
  resolveAll,
} from './rdd-node.ts';
import { withPlaces } from './stack-places.ts';

/** What RDDs need of their session. */
export interface RddSession {
  readonly engine: EngineHandle;
  readonly conf: Readonly<Record<string, string>>;
  createDataFrame(rows: readonly RowInput[], schema: string | readonly StructField[] | readonly string[]): DataFrame;
}

/** Makes RDDs' numbers, resolves their lineages and runs actions on them. */
export class RddRunner implements ResolveContext {
  readonly #session: RddSession;
  readonly #garbage: FinalizationRegistry<number>;
  #parallelism: Promise<number> | undefined;

  constructor(session: RddSession) {
    this.#session = session;
    this.#garbage = new FinalizationRegistry((shuffle) => {
      try {
        session.engine.releaseLineage([shuffle]);
      } catch {
        // The session was stopped.
      }
    });
  }

  nextId(): number {
    return nextOf(lastIds, this.#session.engine);
  }

  /** A number for a shuffle, which the engine keeps until `owner` is garbage. */
  newShuffle(owner: object): number {
    const id = nextOf(lastShuffles, this.#session.engine);
    this.#garbage.register(owner, id);
    return id;
  }

  get setParallelism(): number | null {
    const set = this.#session.conf['spark.default.parallelism'];
    return set === undefined ? null : Number(set);
  }

  defaultParallelism(): Promise<number> {
    this.#parallelism ??= this.#session.engine.defaultParallelism();
    return this.#parallelism;
  }

  createDataFrame(rows: readonly RowInput[], schema: string | readonly StructField[] | readonly string[]): DataFrame {
    return this.#session.createDataFrame(rows, schema);
  }

  async numPartitions(node: RddNode): Promise<number> {
    return (await resolveAll(ancestry(node), this)).get(node)?.partitions ?? 0;
  }

  async *run(
    node: RddNode,
    action: LineageAction | ((functions: FunctionNumbers) => LineageAction),
    partitions: readonly number[] | null,
    description: string,
    options: ActionOptions = {},
  ): AsyncGenerator<Uint8Array, void, undefined> {
    // Who leaves the loop wants no more of it.
    const stop = new AbortController();
    const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
    const started = await this.#start(node, action, partitions, description, { ...options, signal });
    const { execution, functions } = started;
    execution.written.catch(() => {});
    let done = false;
    try {
      yield* execution.results;
      done = true;
    } catch (error) {
      done = true;
      throw await withPlaces(error, functions);
    } finally {
      if (!done) stop.abort('the iteration ended');
    }
  }

  async write(node: RddNode, action: LineageAction, description: string, options: ActionOptions): Promise<WriteResult> {
    const { execution, functions } = await this.#start(node, action, null, description, options);
    try {
      return await execution.written;
    } catch (error) {
      throw await withPlaces(error, functions);
    }
  }

  #within(options: ActionOptions): ResolveContext {
    const signal = options.signal ? { signal: options.signal } : {};
    return {
      defaultParallelism: () => this.defaultParallelism(),
      setParallelism: this.setParallelism,
      run: (node, action, partitions, description) => this.run(node, action, partitions, description, signal),
    };
  }

  async #start(
    node: RddNode,
    action: LineageAction | ((functions: FunctionNumbers) => LineageAction),
    partitions: readonly number[] | null,
    description: string,
    options: ActionOptions,
  ) {
    options.signal?.throwIfAborted();
    const nodes = ancestry(node);
    // Cancelling the action cancels what it has to find out first.
    const resolved = await resolveAll(nodes, this.#within(options));
    const makeAction = typeof action === 'function' ? action : () => action;
    const { lineage, functions } = lineageOf(nodes, resolved, makeAction, partitions);
    const sources = await Promise.all(functions.map(async (fn) => sourceOf(fn, await bundled(fn))));
    const { engine, conf } = this.#session;
    const { signal } = options;
    const jobOptions = { description: options.description ?? description, ...(signal ? { signal } : {}) };
    return {
      execution: engine.executeLineage({ lineage: { ...lineage, functions: sources }, conf }, jobOptions),
      functions,
    };
  }
}

async function bundled({ module }: SentFunction): Promise<FunctionCode | null> {
  return module === null ? null : bundleOf(module);
}

/** All records of results. */
export async function recordsOf<T>(results: AsyncIterable<Uint8Array>): Promise<T[]> {
  const records: T[] = [];
  for await (const result of results) for (const record of decodeAll(result)) records.push(record as T);
  return records;
}

/** Per engine, since sessions may share one. */
const lastIds = new WeakMap<EngineHandle, number>();
const lastShuffles = new WeakMap<EngineHandle, number>();

function nextOf(last: WeakMap<EngineHandle, number>, engine: EngineHandle): number {
  const next = (last.get(engine) ?? -1) + 1;
  last.set(engine, next);
  return next;
}
