import { type Session, Window } from '@kiln/client';
import {
  avg,
  col,
  collect_list,
  count,
  cume_dist,
  dense_rank,
  expr,
  first,
  lag,
  last,
  lead,
  max,
  nth_value,
  ntile,
  percent_rank,
  rank,
  row_number,
  sum,
} from '@kiln/client/functions';
import type { Builders } from './support.ts';

const emp = (s: Session) => s.table('emp');
const la = (s: Session) => s.table('la');
const by_id = () => Window.orderBy('id');
const in_dept = () => Window.partitionBy('dept').orderBy(col('salary').desc(), 'id');

export const windows: Builders = {
  'row_number rank dense_rank': (s) =>
    la(s).select(
      'x',
      row_number().over(Window.orderBy('x')),
      rank().over(Window.orderBy('x')),
      dense_rank().over(Window.orderBy('x')),
    ),
  'percent_rank cume_dist ntile': (s) =>
    emp(s).select(
      'id',
      percent_rank().over(Window.orderBy('salary')),
      cume_dist().over(Window.orderBy('salary')),
      ntile(4).over(by_id()),
    ),
  partitions: (s) =>
    emp(s).select('id', row_number().over(in_dept()).as('n'), sum('salary').over(Window.partitionBy('dept')).as('s')),
  'running sum counts peers': (s) =>
    la(s).select(
      'x',
      sum('x').over(Window.orderBy('x')),
      count('*').over(Window.orderBy('x')),
      sum('x').over(Window.orderBy(col('x').desc())),
    ),
  'frame of rows': (s) =>
    emp(s).select(
      'id',
      sum('id').over(by_id().rowsBetween(-1, 1)).as('a'),
      sum('id').over(by_id().rowsBetween(Window.unboundedPreceding, 0)).as('b'),
      sum('id').over(by_id().rowsBetween(-2, -1)).as('c'),
    ),
  'frame of a range': (s) =>
    la(s).select(
      'x',
      sum('x').over(Window.orderBy('x').rangeBetween(-1, 1)).as('a'),
      count('*').over(Window.orderBy('x').rangeBetween(0, Window.unboundedFollowing)).as('b'),
    ),
  'range of decimals, descending': (s) =>
    emp(s).selectExpr('id', 'count(*) over (order by salary desc range between 500 preceding and current row) as n'),
  'range of dates': (s) =>
    s
      .table('days')
      .selectExpr('k', "count(*) over (order by d range between interval '31' day preceding and current row) as n"),
  'lag and lead': (s) =>
    emp(s).select(
      'id',
      lag('name').over(by_id()),
      lead('name', 2).over(by_id()),
      lag('id', 1, -1).over(by_id()),
      lead('boss', 1, 0).over(Window.partitionBy('dept').orderBy('id')),
    ),
  'lag that ignores nulls': (s) =>
    emp(s).selectExpr(
      'id',
      'lag(boss) ignore nulls over (order by id) as a',
      'lead(dept) ignore nulls over (order by id) as b',
    ),
  'first last nth': (s) =>
    emp(s).select(
      'id',
      first('name').over(by_id()).as('f'),
      last('name').over(by_id()).as('l'),
      last('name').over(by_id().rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)).as('ll'),
      nth_value('name', 2).over(by_id()).as('n'),
    ),
  'first of not null': (s) =>
    emp(s).select('id', first('boss', true).over(by_id()).as('f'), last('boss', true).over(by_id()).as('l')),
  'all rows when not ordered': (s) =>
    emp(s).select(
      'id',
      sum('salary').over(Window.partitionBy()).as('s'),
      avg('salary').over(Window.partitionBy('dept')).as('a'),
      max('name').over(Window.partitionBy()).as('m'),
    ),
  'over an aggregate': (s) =>
    emp(s)
      .groupBy('dept')
      .agg(sum('salary'))
      .select(
        'dept',
        'sum(salary)',
        rank()
          .over(Window.orderBy(col('sum(salary)').desc()))
          .as('r'),
        sum('sum(salary)').over(Window.partitionBy()).as('t'),
      ),
  'named window': (s) =>
    emp(s).selectExpr(
      'id',
      'sum(id) over (partition by dept)',
      'row_number() over (partition by dept order by name desc)',
    ),
  'filter by a window': (s) => emp(s).withColumn('n', row_number().over(in_dept())).where('n = 1').select('name'),
  qualify: null,
  'arithmetic of windows': (s) =>
    emp(s).select(
      'id',
      col('salary')
        .divide(sum('salary').over(Window.partitionBy('dept')))
        .as('share'),
      col('id').minus(lag('id').over(by_id())).as('step'),
    ),
  'ordered by two and by null place': (s) =>
    emp(s).select(
      'id',
      row_number()
        .over(Window.orderBy(col('dept').descNullsFirst(), 'name'))
        .as('n'),
      rank()
        .over(Window.orderBy(col('boss').ascNullsLast()))
        .as('r'),
    ),
  'by window in order by': (s) =>
    emp(s)
      .withColumn('n', row_number().over(Window.orderBy(col('name').desc(), 'id')))
      .orderBy('n')
      .select('id'),
  'collected lists': (s) => emp(s).select('id', collect_list('name').over(by_id().rowsBetween(-1, 0)).as('l')),
  'distinct in a window': (s) => emp(s).select(expr('count(distinct dept) over ()')),
  'rank without order': (s) => emp(s).select(rank().over(Window.partitionBy())),
  'window in where': (s) => emp(s).where(row_number().over(by_id()).eq(1)).select('id'),
  'row_number without window': (s) => emp(s).select(row_number()),
  'wrong frame': (s) => emp(s).select(sum('id').over(by_id().rowsBetween(1, -1))),
  'range of two keys': (s) => emp(s).select(sum('id').over(Window.orderBy('id', 'name').rangeBetween(-1, 0))),
  'nth that ignores nulls': null,
  'qualify by an alias': null,
  'qualify without a window': null,
  'partition by a column that a filter fixes': null,
  'partitions of joined keys': null,
  'first and last that ignore nulls in a frame': null,
};
