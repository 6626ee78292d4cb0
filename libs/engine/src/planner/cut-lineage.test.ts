import { deserialize } from 'node:v8';
import type { ClosureProgram, Lineage, LineageNode, ShuffleDependency } from '@kiln/contracts/planner';
import { describe, expect, it } from 'vitest';
import { cutLineage } from './cut-lineage.ts';

const shuffle = (id: number, partitions = 2): ShuffleDependency => {
  const merge = { value: 1, combiners: 1 };
  const aggregator = { create: null, merge, mapSide: true, zero: null };
  return { id, partitions, partitioner: { type: 'hash' }, aggregator, sort: null };
};

const numbers: LineageNode = {
  name: 'range at a.ts:1',
  partitions: 4,
  parents: [],
  operator: { type: 'range', start: 0, end: 9, step: 1 },
};
const mapped = (parent: number, fn = 0, partitions = 4): LineageNode => {
  return { name: 'map at a.ts:2', partitions, parents: [parent], operator: { type: 'map', function: fn } };
};
const moved = (parent: number, id: number): LineageNode => {
  return { name: 'reduceByKey', partitions: 2, parents: [parent], operator: { type: 'shuffle', shuffle: shuffle(id) } };
};

function lineage(nodes: readonly LineageNode[]): Lineage {
  const code = { type: 'source', text: '(x) => x' } as const;
  const functions = [0, 1, 2, 3].map((i) => ({ name: `f${i}`, code, args: null }));
  const { partitions } = nodes.at(-1) as LineageNode;
  const all = Array.from({ length: partitions }, (_, partition) => partition);
  return { nodes, functions, action: { type: 'collect' }, partitions: all };
}

const cut = (nodes: readonly LineageNode[]) => cutLineage(lineage(nodes), (id) => 100 + id);
const programOf = (bytes: Uint8Array) => deserialize(bytes) as ClosureProgram;

describe('a lineage', () => {
  it('without a shuffle is one stage', () => {
    const [stage, ...more] = cut([numbers, mapped(0)]);
    expect(more).toEqual([]);
    expect(stage?.plan).toMatchObject({
      output: { type: 'result' },
      inputs: [],
      numTasks: 4,
      determinism: 'determinate',
    });
    expect(stage?.plan.operators).toMatchObject({ name: 'map', detail: 'a.ts:2', children: [{ name: 'range' }] });
  });

  it('is cut at each shuffle, and each stage has its own functions only', () => {
    const stages = cut([numbers, mapped(0, 3), moved(1, 7), mapped(2, 2, 2)]);
    expect(stages.map(({ shuffle: id, parents, plan }) => [id, parents, plan.numTasks])).toEqual([
      [7, [], 4],
      [null, [0], 2],
    ]);
    const [map, result] = stages.map(({ program }) => programOf(program.bytes));
    expect(map?.functions.map(({ name }) => name)).toEqual(['f3', 'f1']);
    expect(map?.nodes.at(-1)?.operator).toEqual({ type: 'map', function: 0 });
    expect(map?.output).toMatchObject({
      type: 'shuffle',
      shuffleId: 107,
      shuffle: { aggregator: { merge: { value: 1 } } },
    });
    expect(result?.functions.map(({ name }) => name)).toEqual(['f1', 'f2']);
    expect(result?.nodes.map(({ parents }) => parents)).toEqual([[-1], [0]]);
    expect(result?.shuffleIds).toEqual({ 7: 107 });
    expect(stages[1]?.plan.inputs).toMatchObject([{ shuffleId: 107, stage: 0, numPartitions: 2 }]);
  });

  it('has one stage for a shuffle that two read', () => {
    const union: LineageNode = { name: 'union', partitions: 4, parents: [2, 3], operator: { type: 'union' } };
    const stages = cut([numbers, moved(0, 1), mapped(1), mapped(1), union]);
    expect(stages.map(({ shuffle: id }) => id)).toEqual([1, null]);
  });

  it('joins what is partitioned alike in one stage', () => {
    const cogroup: LineageNode = {
      name: 'join',
      partitions: 2,
      parents: [1, 2],
      operator: { type: 'cogroup', shuffles: [null, { ...shuffle(2), aggregator: null }] },
    };
    const stages = cut([numbers, moved(0, 1), mapped(0), cogroup]);
    expect(stages.map(({ shuffle: id, parents }) => [id, parents])).toEqual([
      [1, []],
      [2, []],
      [null, [0, 1]],
    ]);
  });

  it('knows what a run again may change', () => {
    const repartition = (parent: number, id: number): LineageNode => {
      const dealt = { ...shuffle(id), partitioner: { type: 'round-robin' } as const, aggregator: null };
      return { name: 'repartition', partitions: 2, parents: [parent], operator: { type: 'shuffle', shuffle: dealt } };
    };
    const levels = (nodes: readonly LineageNode[]) => cut(nodes).map(({ plan }) => plan.determinism);
    expect(levels([numbers, moved(0, 1)])).toEqual(['determinate', 'unordered']);
    expect(levels([numbers, repartition(0, 1)])).toEqual(['determinate', 'unordered']);
    expect(levels([numbers, moved(0, 1), repartition(1, 2)])).toEqual([
      'determinate',
      'indeterminate',
      'indeterminate',
    ]);
    const sort: LineageNode = {
      ...moved(1, 2),
      operator: { type: 'shuffle', shuffle: { ...shuffle(2), sort: 'ascending' } },
    };
    expect(levels([numbers, moved(0, 1), sort])).toEqual(['determinate', 'unordered', 'determinate']);
  });

  it('gives the same program for the same stage', () => {
    const nodes = [numbers, mapped(0), moved(1, 1)];
    expect(cut(nodes).map(({ program }) => program.hash)).toEqual(cut(nodes).map(({ program }) => program.hash));
  });
});
