import type { Session } from '@kiln/client';
import { col, expr, lit } from '@kiln/client/functions';
import type { Builders } from './support.ts';

const emp = (s: Session) => s.table('emp');

export const relations: Builders = {
  values: (s) =>
    s.createDataFrame(
      [
        [1, 'a'],
        [2, null],
        [null, 'c'],
      ],
      'col1 int, col2 string',
    ),
  'values with names': (s) =>
    s
      .createDataFrame(
        [
          [1, 'x'],
          [2, 'y'],
        ],
        'a int, b string',
      )
      .select('b', 'a'),
  'values take one type': null,
  'values of expressions': null,
  'values of unequal length': null,
  'values of types that do not go together': null,
  range: (s) => s.range(5),
  'range of three': (s) => s.range(10, 0, -3).select('id', col('id').multiply(2).as('d')),
  'range in four parts': (s) => s.range(1, 1000, 3, 4).selectExpr('count(*)', 'sum(id)', 'min(id)', 'max(id)'),
  'empty range': (s) => s.range(0),
  'range of wrong arguments': null,
  'select without from': (s) =>
    s.range(1).select(lit(1).as('one'), lit('x').as('x'), lit(null).as('n'), lit(true), lit(2).gt(1)),
  'where without from': (s) => s.range(1).select(lit(1).as('a')).where('1 = 2'),
  'lateral alias of a column': (s) =>
    emp(s)
      .where('id < 3')
      .select(col('id').plus(1).as('a'), col('a').multiply(2).as('b'), col('b').minus(col('a')).as('c')),
  'a column wins over a lateral alias': (s) =>
    emp(s).where('id < 3').select(col('id').plus(1).as('id'), col('id').multiply(10).as('x')),
  'lateral alias of an aggregate': (s) =>
    emp(s)
      .groupBy('dept')
      .agg(expr('sum(salary)').as('s'), col('s').divide(expr('count(*)')).as('a')),
  'star except': (s) => emp(s).where('id = 1').drop('salary', 'boss'),
  'star except of an unknown column': null,
  'count of star after a join': (s) => emp(s).crossJoin(s.table('dept')).selectExpr('count(*)'),
  'a view of a view': (s) => emp(s).where('id < 4').where('id > 1').select('id'),
  'aliases of a table': (s) => s.table('la').alias('t').where('t.x = 3').select('t.x'),
  'local rows of many types': (s) =>
    s.createDataFrame(
      [[1, 2.5, '1.10', '2024-01-01', true, Uint8Array.of(0xca, 0xfe)]],
      'a tinyint, b float, c decimal(5,2), d date, e boolean, f binary',
    ),
  'inferred local rows': (s) =>
    s.createDataFrame(
      [
        [1.5, 'a', true],
        [2.0, 'b', null],
      ],
      ['x', 'y', 'z'],
    ),
  'no local rows': (s) => s.createDataFrame([], 'a int, b string'),
  'repartition keeps the rows': (s) => emp(s).select('id').repartition(3),
  'coalesce and sort within partitions': (s) => emp(s).select('id').coalesce(1).sortWithinPartitions(col('id').desc()),
  'distribute and cluster by': (s) => emp(s).select('id').repartition(2, 'id').sortWithinPartitions('id'),
  'tablesample of all': (s) => emp(s).sample(1, { seed: 7 }).selectExpr('count(*)'),
  'inline table in a join': (s) =>
    emp(s)
      .alias('e')
      .join(
        s
          .createDataFrame(
            [
              [1, 'one'],
              [3, 'three'],
            ],
            'a int, b string',
          )
          .alias('v'),
        expr('e.id = v.a'),
      )
      .select('e.name', 'v.b'),
};
