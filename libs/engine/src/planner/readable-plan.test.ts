import type { StagedPlan } from '@kiln/contracts/planner';
import { describe, expect, it } from 'vitest';
import { columnNames, readableExpressions } from './readable-expressions.ts';
import { readablePlan } from './readable-plan.ts';

describe('columnNames', () => {
  it('are found where a column is made, and where it is used', () => {
    const names = columnNames(`Sort revenue#8 desc nulls last, count(DISTINCT k)#9 asc
  Aggregate [k#4] [k#4, sum(*(a#1, cast(b#2 as decimal(10,0)))) as revenue#8, count(distinct k#4) as count(DISTINCT k)#9]
    Read parquet:/data/t#96f5a7edee1650b9 [a#1: bigint, b#2: int, k#4: int]`);
    expect(Object.fromEntries(names)).toEqual({ 1: 'a', 2: 'b', 4: 'k', 8: 'revenue', 9: 'count(DISTINCT k)' });
  });
});

describe('readableExpressions', () => {
  const names = new Map([
    ['1', 'a'],
    ['2', 'b'],
  ]);
  it.each([
    ['kiln_multiply(c1, kiln_subtract(Decimal128(1,1,0), c2))', '(a#1 * (1 - b#2))'],
    ['kiln_sum(kiln_add(c1,c2)), kiln_sum(c3@7)', 'sum((a#1 + b#2)), sum(c3)'],
    ['c1 as c1, c1 as c2, [c2 as c2]', 'a#1, a#1 as b#2, [b#2]'],
    ['CAST(c1 AS Decimal128(38, 4)) > Int64(10)', 'CAST(a#1 AS decimal(38, 4)) > 10'],
    [`kiln_concat(Utf8View("n"), kiln_convert(c1, Utf8View(""), Utf8("UTC")))`, "concat('n', cast(a#1))"],
    ['range.id >= Date32("1995-01-01")', "id >= date '1995-01-01'"],
    ['kiln_cast(kiln_scalar_subquery(0, 0.00), 0.0, UTC)', 'cast(subquery 0)'],
  ])('%s', (text, readable) => {
    expect(readableExpressions(text, names)).toBe(readable);
  });
});

it('readablePlan names operators as Spark does, and leaves the plan as it was', () => {
  const node = (name: string, detail: string, ...children: object[]) => ({ name, detail, children });
  const scan = node(
    'SplitScanExec',
    'scan=0, DataSourceExec: file_groups={0 groups: []}, projection=[x, y as c2], predicate=x > 1, required_guarantees=[]',
  );
  const join = node(
    'HashJoinExec',
    'mode=CollectLeft, join_type=Inner, on=[(c1, c2), (c3, c2)], projection=[c1]',
    node('ShuffleReadExec', 'reader=0, shuffle=7, broadcast'),
    scan,
  );
  const top = node(
    'AggregateExec',
    'mode=Partial, gby=[c1 as c1], aggr=[kiln_sum(c2) as kiln_sum(c2), count(DISTINCT c1)]',
    join,
  );
  const operators = node('ShuffleWriteExec', 'shuffle=3, partitioning=hash([c1], 2)', top);
  const plan = {
    stages: [
      {
        output: {
          type: 'shuffle',
          shuffleId: 3,
          partitioning: { type: 'hash', expressions: ['c1@0'], numPartitions: 2 },
        },
        scans: [{ scan: 0, table: 'parquet:/data/t#0123456789abcdef' }],
        operators,
      },
    ],
    explain: {
      resolved: 'Project [a#1, b#2]\n  Read parquet:/data/t#0123456789abcdef [b#2: int]',
      optimized: 'Projection: c1',
    },
  } as unknown as StagedPlan;
  const readable = readablePlan(plan);
  const told: string[] = [];
  const tell = ({ name, detail, children }: StagedPlan['stages'][number]['operators']) => {
    told.push(`${name} ${detail}`.trim());
    children.forEach(tell);
  };
  for (const stage of readable.stages) tell(stage.operators);
  expect(told).toEqual([
    'Exchange',
    'HashAggregate partial, keys=[a#1], functions=[sum(b#2), count(DISTINCT a#1)]',
    'BroadcastHashJoin Inner, on a#1 = b#2 and c3 = b#2',
    'ShuffleRead reader=0, broadcast',
    'Scan parquet /data/t [x, y as b#2], PushedFilters: x > 1',
  ]);
  expect(readable.stages[0]?.output).toMatchObject({ partitioning: { expressions: ['a#1'] } });
  expect(readable.explain).toMatchObject({
    resolved: expect.stringContaining('parquet:/data/t ['),
    optimized: 'Projection: a#1',
  });
});
