import type { Split, StageInput, StagePlan } from '@kiln/contracts/planner';
import { describe, expect, it } from 'vitest';
import { countTasks, layOut, splitsOf } from './layout.ts';

const split = (path: string): readonly Split[] => [
  { path, start: 0, length: 1, size: 1, modifiedMillis: 0, hosts: [] },
];

function scan(id: number, firstTask: number, ...paths: readonly string[]): StagePlan['scans'][number] {
  return { scan: id, table: 't', firstTask, partitions: paths.map(split) };
}

function shuffle(reader: number, firstTask: number, numPartitions: number): StageInput {
  return {
    type: 'shuffle',
    reader,
    shuffleId: reader,
    stage: 0,
    firstTask,
    numPartitions,
    coalescible: true,
    group: firstTask,
  };
}

function stage(numTasks: number, scans: StagePlan['scans'], inputs: readonly StageInput[]): StagePlan {
  return {
    id: 1,
    output: { type: 'result' },
    inputs,
    scans,
    numTasks,
    operators: { name: 'Any', detail: '', children: [] },
    estimatedBytes: null,
    determinism: 'determinate',
    sharesBuild: false,
  };
}

const tasksOf = (plan: StagePlan, numTasks: number) =>
  layOut(plan, numTasks).map(({ firstTask, tasks, readers }) => [firstTask, tasks, readers]);

describe('layOut', () => {
  it('reads partitions together where fewer tasks were decided', () => {
    expect(tasksOf(stage(7, [], [shuffle(0, 0, 7), shuffle(1, 0, 7)]), 2)).toEqual([[0, 2, [0, 1]]]);
  });

  it('has tasks for the branches of a union that read nothing, wherever they are', () => {
    const plan = stage(9, [scan(5, 1, 'a', 'b'), scan(6, 7, 'c')], [shuffle(0, 3, 2)]);
    const segments = layOut(plan, 9);
    expect(segments.map(({ firstTask, tasks }) => [firstTask, tasks])).toEqual([
      [0, 1],
      [1, 2],
      [3, 2],
      [5, 2],
      [7, 1],
      [8, 1],
    ]);
    expect(countTasks(segments)).toBe(9);
    const paths = Array.from({ length: 9 }, (_, task) =>
      Object.entries(splitsOf(segments, task)).map(([id, [first]]) => `${id}: ${first?.path}`),
    );
    expect(paths).toEqual([[], ['5: a'], ['5: b'], [], [], [], [], ['6: c'], []]);
  });

  it('has all tasks of a stage without leaves', () => {
    expect(tasksOf(stage(4, [], []), 4)).toEqual([[0, 4, []]]);
  });
});
