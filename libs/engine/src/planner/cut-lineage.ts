import { createHash } from 'node:crypto';
import { serialize } from 'node:v8';
import type {
  ClosureOutput,
  ClosureProgram,
  Lineage,
  LineageNode,
  OperatorNode,
  ShuffleDependency,
  StageInput,
  StageOutput,
  StagePlan,
  StageProgram,
} from '@kiln/contracts/planner';
import { type Determinism, determinismOf } from './lineage-determinism.ts';

/** Kind of the task runner of RDDs. */
export const lineageRunner = 'closure';

/** A stage of an action on an RDD: its plan and its program, which nothing that is decided later changes. */
export interface LineageStage {
  /** `ShuffleDependency.id` of a map stage; `null`: the action's own. */
  readonly shuffle: number | null;
  readonly plan: StagePlan;
  /** Made when it is asked for: a stage that is known needs none. */
  readonly program: StageProgram;
  /** Stages whose output it reads, by `StageInput.stage`: indices of the answer. */
  readonly parents: readonly number[];
}

/** Nodes that one stage runs, in dependency order, and the shuffles that it reads. */
interface Part {
  readonly indices: readonly number[];
  readonly reads: readonly ShuffleDependency[];
}

/**
 * Cuts an action on an RDD into stages at its shuffles: one map stage for each, and last the stage of the action. Narrow operators stay
 * together. `shuffleId` gives a shuffle its number in the engine.
 */
export function cutLineage(lineage: Lineage, shuffleId: (shuffle: number) => number): readonly LineageStage[] {
  const determinism = determinismOf(lineage.nodes);
  const stages: LineageStage[] = [];
  const byShuffle = new Map<number, { index: number; id: number }>();

  const mapStage = (shuffle: ShuffleDependency, source: number): { index: number; id: number } => {
    const known = byShuffle.get(shuffle.id);
    if (known !== undefined) return known;
    const part = partOf(lineage.nodes, source);
    const parents = readStages(part);
    const made = { id: shuffleId(shuffle.id), index: stages.length };
    const level = mapLevel(shuffle, determinism[source] ?? 'determinate');
    const output: ClosureOutput = { type: 'shuffle', shuffleId: made.id, shuffle, determinism: level };
    const { partitions } = lineage.nodes[source] as LineageNode;
    const all = Array.from({ length: partitions }, (_, partition) => partition);
    stages.push(
      stageOf({ lineage, part, output, partitions: all, parents, level, shuffle: shuffle.id, index: made.index }),
    );
    byShuffle.set(shuffle.id, made);
    return made;
  };
  const readStages = (part: Part) =>
    new Map(part.reads.map((shuffle) => [shuffle.id, mapStage(shuffle, sourceOf(lineage, shuffle))]));

  const last = lineage.nodes.length - 1;
  const part = partOf(lineage.nodes, last);
  const parents = readStages(part);
  const output: ClosureOutput = { type: 'action', action: lineage.action };
  const level = determinism[last] ?? 'determinate';
  const { partitions } = lineage;
  stages.push(stageOf({ lineage, part, output, partitions, parents, level, shuffle: null, index: stages.length }));
  return stages;
}

/** Where a record goes in turn depends on its place. */
function mapLevel({ partitioner }: ShuffleDependency, source: Determinism): Determinism {
  return partitioner.type === 'round-robin' && source !== 'determinate' ? 'indeterminate' : source;
}

interface StageParts {
  readonly lineage: Lineage;
  readonly part: Part;
  readonly output: ClosureOutput;
  readonly partitions: readonly number[];
  readonly parents: ReadonlyMap<number, { readonly index: number; readonly id: number }>;
  readonly level: Determinism;
  readonly shuffle: number | null;
  readonly index: number;
}

function stageOf({ lineage, part, output, partitions, parents, level, shuffle, index }: StageParts): LineageStage {
  const { nodes, functions } = stageNodes(lineage, part, output);
  const read = [...parents.entries()];
  const program: ClosureProgram = {
    nodes,
    functions: functions.list,
    partitions,
    output: functions.renumbered(output),
    shuffleIds: Object.fromEntries(read.map(([id, parent]) => [id, parent.id])),
  };
  const plan: StagePlan = {
    id: index,
    output: stageOutput(output),
    inputs: read.map(([id, parent], reader): StageInput => {
      const numPartitions = part.reads.find((dependency) => dependency.id === id)?.partitions ?? 0;
      const input = { reader, shuffleId: parent.id, stage: reader, firstTask: 0, numPartitions };
      return { type: 'shuffle', ...input, coalescible: false, group: reader };
    }),
    scans: [],
    numTasks: partitions.length,
    operators: operatorsOf(nodes),
    estimatedBytes: null,
    determinism: level,
    sharesBuild: false,
  };
  let made: StageProgram | undefined;
  return {
    shuffle,
    plan,
    parents: read.map(([, parent]) => parent.index),
    get program() {
      made ??= programOf(program, partitions.length);
      return made;
    },
  };
}

function programOf(program: ClosureProgram, numTasks: number): StageProgram {
  const bytes = serialize(program);
  return { bytes, hash: createHash('sha256').update(bytes).digest('hex').slice(0, 32), numTasks };
}

function stageOutput(output: ClosureOutput): StageOutput {
  if (output.type === 'action') {
    const { action } = output;
    return action.type === 'save-text' ? { type: 'write', format: 'text', path: action.path } : { type: 'result' };
  }
  const { partitions: numPartitions, partitioner } = output.shuffle;
  const partitioning =
    partitioner.type === 'round-robin'
      ? ({ type: 'round-robin', numPartitions } as const)
      : partitioner.type === 'range'
        ? ({ type: 'range', order: ['key'], numPartitions } as const)
        : ({ type: 'hash', expressions: ['key'], numPartitions } as const);
  return { type: 'shuffle', shuffleId: output.shuffleId, partitioning };
}

/** Everything that `last` is made of without a shuffle. */
function partOf(nodes: readonly LineageNode[], last: number): Part {
  const indices = new Set<number>();
  const open = [last];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (indices.has(next)) continue;
    indices.add(next);
    for (const edge of edgesOf(nodes[next] as LineageNode)) {
      if (edge.shuffle === null) open.push(edge.parent);
    }
  }
  const ordered = [...indices].sort((a, b) => a - b);
  const reads = ordered.flatMap((index) =>
    edgesOf(nodes[index] as LineageNode).flatMap(({ shuffle }) => shuffle ?? []),
  );
  return { indices: ordered, reads: [...new Map(reads.map((shuffle) => [shuffle.id, shuffle])).values()] };
}

interface Edge {
  readonly parent: number;
  /** `null`: the same stage. */
  readonly shuffle: ShuffleDependency | null;
}

function edgesOf({ parents, operator }: LineageNode): readonly Edge[] {
  return parents.map((parent, index) => {
    if (operator.type === 'shuffle') return { parent, shuffle: operator.shuffle };
    return { parent, shuffle: operator.type === 'cogroup' ? (operator.shuffles[index] ?? null) : null };
  });
}

function sourceOf(lineage: Lineage, shuffle: ShuffleDependency): number {
  for (const node of lineage.nodes)
    for (const edge of edgesOf(node)) if (edge.shuffle?.id === shuffle.id) return edge.parent;
  throw new Error(`Shuffle ${shuffle.id} has no source`);
}

/** The nodes of a part with indices among themselves (-1: of another stage), and the functions that it needs. */
function stageNodes(lineage: Lineage, part: Part, output: ClosureOutput) {
  const place = new Map(part.indices.map((index, at) => [index, at]));
  const functions = new UsedFunctions(lineage);
  const nodes = part.indices.map((index): LineageNode => {
    const node = lineage.nodes[index] as LineageNode;
    const parents = edgesOf(node).map(({ parent, shuffle }) => (shuffle === null ? (place.get(parent) ?? -1) : -1));
    return { ...node, parents, operator: functions.renumbered(node.operator) };
  });
  functions.renumbered(output);
  return { nodes, functions };
}

/** Functions that a stage uses, counted from 0. */
class UsedFunctions {
  readonly #lineage: Lineage;
  readonly #numbers = new Map<number, number>();

  constructor(lineage: Lineage) {
    this.#lineage = lineage;
  }

  get list(): ClosureProgram['functions'] {
    return [...this.#numbers.keys()].map((index) => {
      const source = this.#lineage.functions[index];
      if (source === undefined) throw new Error(`There is no function ${index}`);
      return source;
    });
  }

  /** The same data with the stage's own numbers of functions, wherever there is one. */
  renumbered<T>(data: T): T {
    if (Array.isArray(data)) return data.map((item) => this.renumbered(item)) as T;
    if (typeof data !== 'object' || data === null || data instanceof Uint8Array) return data;
    const entries = Object.entries(data).map(([name, value]) => {
      const isFunction = typeof value === 'number' && functionFields.has(name);
      return [name, isFunction ? this.#number(value) : this.renumbered(value)];
    });
    return Object.fromEntries(entries) as T;
  }

  #number(index: number): number {
    const known = this.#numbers.get(index);
    if (known !== undefined) return known;
    const number = this.#numbers.size;
    this.#numbers.set(index, number);
    return number;
  }
}

/** Fields of a lineage that hold the number of a function. */
const functionFields: ReadonlySet<string> = new Set(['function', 'create', 'value', 'combiners']);

/** The last node; one that several read is one object. */
function operatorsOf(nodes: readonly LineageNode[]): OperatorNode {
  const made: OperatorNode[] = [];
  for (const { name, parents } of nodes) {
    const [operator = name, detail = ''] = name.split(' at ');
    made.push({ name: operator, detail, children: parents.flatMap((parent) => made[parent] ?? []) });
  }
  return made.at(-1) as OperatorNode;
}
