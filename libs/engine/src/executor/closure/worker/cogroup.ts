import type { LineageOperator } from '@kiln/contracts/planner';
import { Combiner } from './combiner.ts';
import type { UserFunction } from './functions.ts';
import { drain, type Stream, streamOf } from './stream.ts';
import type { TaskParts } from './task-parts.ts';

/** `[key, [values of the first, values of the second, ..]]` of pairs of several streams, for every key of any of them. */
export function cogroupStream(streams: readonly Stream[], task: TaskParts): Stream {
  let joined: Stream | undefined;
  return {
    advance(push) {
      joined ??= streamOf(cogroup(streams, task));
      return joined.advance(push);
    },
  };
}

function* cogroup(streams: readonly Stream[], task: TaskParts) {
  const add = (groups: unknown[][], index: number, value: unknown) => {
    (groups[index] as unknown[]).push(value);
    return groups;
  };
  const combiner = new Combiner(
    {
      create: (tagged) => {
        const [index, value] = tagged as [number, unknown];
        return add(
          streams.map(() => []),
          index,
          value,
        );
      },
      mergeValue: (groups, tagged) => {
        const [index, value] = tagged as [number, unknown];
        return add(groups as unknown[][], index, value);
      },
      mergeCombiners: (a, b) => {
        for (const [index, values] of (b as unknown[][]).entries())
          for (const value of values) add(a as unknown[][], index, value);
        return a;
      },
    },
    task.localDirs,
  );
  task.onEnd(() => {
    task.metrics.diskBytesSpilled += combiner.spilledBytes;
    combiner.close();
  });
  for (const [index, stream] of streams.entries())
    drain(stream, (record) => {
      const [key, value] = record as [unknown, unknown];
      combiner.addValue(key, [index, value]);
    });
  yield* combiner.pairs();
}

type Grouped = readonly [key: unknown, groups: readonly [readonly unknown[], readonly unknown[]]];

/** The records of a join of one key of a cogroup of two. */
export function joinFunction(kind: Extract<LineageOperator, { type: 'join' }>['kind']): UserFunction {
  const none = [undefined];
  switch (kind) {
    case 'inner':
      return ([key, [left, right]]: Grouped) => pairs(key, left, right);
    case 'left':
      return ([key, [left, right]]: Grouped) => pairs(key, left, right.length > 0 ? right : none);
    case 'right':
      return ([key, [left, right]]: Grouped) => pairs(key, left.length > 0 ? left : none, right);
    case 'full':
      return ([key, [left, right]]: Grouped) =>
        pairs(key, left.length > 0 ? left : none, right.length > 0 ? right : none);
    case 'subtract':
      return ([key, [left, right]]: Grouped) => (right.length > 0 ? [] : left.map((value) => [key, value]));
  }
}

function* pairs(key: unknown, left: readonly unknown[], right: readonly unknown[]) {
  for (const a of left) for (const b of right) yield [key, [a, b]];
}
