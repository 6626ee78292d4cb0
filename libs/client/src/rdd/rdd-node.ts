import type { Lineage, LineageAction, LineageOperator, ShufflePartitioner } from '@kiln/contracts';
import { callSite } from './call-site.ts';
import type { SentFunction } from './function-source.ts';

/** Which key goes to which partition, as far as it is known: two RDDs whose partitioners are the same need no shuffle to meet. */
export interface Partitioner {
  readonly partitions: number;
  readonly kind: 'hash' | 'range' | 'function';
  /** Equal for the same choice of partitions: bounds or function are the same ones. */
  readonly identity: unknown;
  readonly toData: (functions: FunctionNumbers) => ShufflePartitioner;
}

export function samePartitioner(a: Partitioner | null, b: Partitioner | null): boolean {
  return a !== null && b !== null && a.partitions === b.partitions && a.kind === b.kind && a.identity === b.identity;
}

/** Gives functions their numbers in a lineage. */
export type FunctionNumbers = (fn: SentFunction) => number;

/** What is known of an RDD once it is to be run. */
export interface ResolvedRdd {
  readonly partitions: number;
  readonly partitioner: Partitioner | null;
  readonly operator: (functions: FunctionNumbers) => LineageOperator;
}

/** What resolving may ask of the engine. */
export interface ResolveContext {
  defaultParallelism(): Promise<number>;
  /** `spark.default.parallelism`, if it is set. */
  readonly setParallelism: number | null;
  /** Runs an action on some partitions of an RDD. */
  run(
    node: RddNode,
    action: LineageAction,
    partitions: readonly number[] | null,
    description: string,
  ): AsyncIterable<Uint8Array>;
}

/** One RDD of a lineage in the user's thread. What it needs to know of files, samples and the like is found out when it is run first. */
export class RddNode {
  readonly id: number;
  readonly name: string;
  readonly parents: readonly RddNode[];
  readonly #resolve: (parents: readonly ResolvedRdd[], context: ResolveContext) => ResolvedRdd | Promise<ResolvedRdd>;
  #resolved: Promise<ResolvedRdd> | undefined;

  constructor(
    id: number,
    operator: string,
    parents: readonly RddNode[],
    resolve: (parents: readonly ResolvedRdd[], context: ResolveContext) => ResolvedRdd | Promise<ResolvedRdd>,
  ) {
    const site = callSite();
    this.id = id;
    this.name = site === '' ? operator : `${operator} at ${site}`;
    this.parents = parents;
    this.#resolve = resolve;
  }

  /** Parents are resolved already. */
  resolve(parents: readonly ResolvedRdd[], context: ResolveContext): Promise<ResolvedRdd> {
    if (this.#resolved === undefined) {
      const resolving = Promise.resolve().then(() => this.#resolve(parents, context));
      this.#resolved = resolving;
      // A file that was missing may be there next time.
      resolving.catch(() => {
        this.#resolved = undefined;
      });
    }
    return this.#resolved;
  }
}

/** An RDD and all that it is made of, parents first. */
export function ancestry(node: RddNode): readonly RddNode[] {
  const order: RddNode[] = [];
  const state = new Map<RddNode, 'open' | 'done'>();
  const stack = [node];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    if (state.get(top) === undefined) {
      state.set(top, 'open');
      for (const parent of top.parents) if (state.get(parent) === undefined) stack.push(parent);
      continue;
    }
    stack.pop();
    if (state.get(top) === 'done') continue;
    state.set(top, 'done');
    order.push(top);
  }
  return order;
}

export async function resolveAll(
  nodes: readonly RddNode[],
  context: ResolveContext,
): Promise<ReadonlyMap<RddNode, ResolvedRdd>> {
  const resolved = new Map<RddNode, ResolvedRdd>();
  for (const node of nodes) {
    const parents = node.parents.map((parent) => resolved.get(parent) as ResolvedRdd);
    resolved.set(node, await node.resolve(parents, context));
  }
  return resolved;
}

/** The lineage as data, with the functions that it uses. */
export function lineageOf(
  nodes: readonly RddNode[],
  resolved: ReadonlyMap<RddNode, ResolvedRdd>,
  makeAction: (functions: FunctionNumbers) => LineageAction,
  partitions: readonly number[] | null,
): { readonly lineage: Omit<Lineage, 'functions'>; readonly functions: readonly SentFunction[] } {
  const numbers = new Map<SentFunction, number>();
  const number: FunctionNumbers = (fn) => {
    const known = numbers.get(fn) ?? numbers.size;
    numbers.set(fn, known);
    return known;
  };
  const place = new Map(nodes.map((node, index) => [node, index]));
  const data = nodes.map((node) => {
    const { partitions: count, operator } = resolved.get(node) as ResolvedRdd;
    const parents = node.parents.map((parent) => place.get(parent) as number);
    return { name: node.name, partitions: count, parents, operator: operator(number) };
  });
  const last = nodes.at(-1);
  const count = last === undefined ? 0 : (resolved.get(last)?.partitions ?? 0);
  const wanted = partitions ?? Array.from({ length: count }, (_, partition) => partition);
  return { lineage: { nodes: data, action: makeAction(number), partitions: wanted }, functions: [...numbers.keys()] };
}
