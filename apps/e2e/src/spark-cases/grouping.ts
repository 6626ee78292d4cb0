import type { Session } from '@kiln/client';
import {
  any_value,
  approx_count_distinct,
  avg,
  bool_and,
  bool_or,
  call_function,
  col,
  collect_list,
  collect_set,
  corr,
  count,
  count_distinct,
  count_if,
  expr,
  grouping,
  grouping_id,
  kurtosis,
  lit,
  max,
  max_by,
  median,
  min_by,
  percentile,
  round,
  skewness,
  stddev,
  stddev_pop,
  sum,
  sum_distinct,
  var_samp,
} from '@kiln/client/functions';
import type { Builders } from './support.ts';

const emp = (s: Session) => s.table('emp');
const sales = (s: Session) => s.table('sales');
const nums = (s: Session) => s.table('nums');

export const groupingCases: Builders = {
  'null is a group': (s) => emp(s).groupBy('dept').agg(count('*'), sum('salary'), max('name')),
  'shortcuts of groups': (s) => emp(s).groupBy('dept').count(),
  'several aggregates by short form': (s) => emp(s).groupBy('dept').min('salary', 'id'),
  'group by ordinal': (s) => emp(s).groupBy(col('dept')).agg(count('*')),
  'group by alias': (s) => emp(s).groupBy(col('dept').plus(1).as('d')).agg(count('*')),
  'group by all': (s) => emp(s).groupBy('dept', 'boss').agg(count('*'), sum('id').plus(1)),
  'group by ordinal out of range': null,
  'group by ordinal of an aggregate': (s) =>
    emp(s)
      .groupBy(count(lit(1)))
      .agg(count('*')),
  'group by expression': (s) => emp(s).groupBy(col('id').mod(2)).agg(col('id').mod(2).plus(1), count('*')),
  'group without aggregate': (s) => emp(s).select('dept').distinct(),
  'column not in group': (s) => emp(s).groupBy('dept').agg(col('name'), count('*')),
  having: (s) => emp(s).groupBy('dept').agg(count('*').as('n')).where('n > 1 and dept is not null'),
  'having of another aggregate': (s) =>
    emp(s).groupBy('dept').agg(max('salary').as('m')).where('m > 3600').select('dept'),
  'having without group': (s) => emp(s).agg(sum('id'), count('*').as('n')).where('n > 100').drop('n'),
  'aggregates of no rows': (s) =>
    emp(s)
      .where('false')
      .agg(count('*'), sum('id'), max('name'), avg('id'), collect_list('id'), bool_and(col('id').gt(1))),
  'groups of no rows': (s) => emp(s).where('false').groupBy('dept').agg(count('*')),
  'distinct aggregates': (s) =>
    emp(s).agg(
      count_distinct('dept'),
      count_distinct('dept', 'boss'),
      sum_distinct('dept'),
      expr('avg(distinct salary)'),
      count_distinct('salary'),
      count('name'),
      expr('max(distinct id)'),
    ),
  'distinct aggregates by group': (s) =>
    emp(s).groupBy('boss').agg(count_distinct('dept'), sum_distinct('salary'), count('*')),
  'filter of an aggregate': (s) =>
    emp(s).selectExpr(
      'count(*) filter (where salary > 3500)',
      'sum(id) filter (where dept = 10)',
      'count(distinct dept) filter (where id < 3)',
    ),
  rollup: (s) =>
    sales(s).rollup('region', 'product').agg(sum('amount'), grouping('region'), grouping_id('region', 'product')),
  cube: (s) => sales(s).cube('region', 'year').agg(count('*'), grouping_id()),
  'grouping sets': null,
  'rollup beside a column': null,
  'having of grouping': (s) =>
    sales(s)
      .rollup('region')
      .agg(sum('amount').as('a'), grouping('region').as('g'))
      .where('g = 1')
      .select('region', 'a'),
  'rollup of an expression': (s) => sales(s).rollup(col('year').plus(1).as('y')).agg(sum('amount')),
  'grouping without sets': (s) => sales(s).groupBy('region').agg(grouping('region')),
  'nested aggregate': (s) =>
    emp(s)
      .groupBy('dept')
      .agg(sum(count('*'))),
  statistics: (s) =>
    sales(s).agg(
      stddev('amount'),
      stddev_pop('amount'),
      var_samp('amount'),
      round(corr('amount', 'year'), 10),
      skewness('amount'),
      kurtosis('amount'),
      median('amount'),
      percentile('amount', 0.25),
    ),
  'statistics of one row': (s) =>
    nums(s)
      .where('k = 1')
      .agg(stddev('k'), var_samp('k'), stddev_pop('k'), corr('k', 'k'), skewness('k'), median('d'), avg('d')),
  'other aggregates': (s) =>
    emp(s).agg(
      bool_and(col('id').gt(0)),
      bool_or(col('id').gt(5)),
      count_if(col('dept').eq(10)),
      max_by('name', 'salary'),
      min_by('name', 'id'),
      call_function('sort_array', collect_set('boss')),
      any_value(lit(1)),
      approx_count_distinct('dept'),
      expr('bit_or(id)'),
      expr('bit_xor(id)'),
    ),
  'first and last': (s) =>
    emp(s)
      .orderBy('id')
      .selectExpr('first(boss)', 'first(boss, true)', 'last(dept)', 'last(dept, true)', 'first_value(name)'),
  'sum of types': (s) => nums(s).selectExpr('sum(t)', 'sum(s)', 'sum(f)', 'sum(m)', 'sum(null)', 'avg(f)', 'avg(null)'),
  'sum of text': (s) => nums(s).selectExpr("sum('1')", 'avg(string(k))'),
  'sum of booleans': (s) => nums(s).agg(sum(col('k').gt(1))),
  'arrays and their order': null,
  'a key twice in a map': null,
  'rollup and cube of no rows': null,
  'grouping sets of no rows': null,
  'the empty grouping set of no rows': null,
  'a key in no grouping set': null,
  'keys in no grouping set of no rows': null,
};
