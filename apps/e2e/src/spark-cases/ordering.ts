import type { Session } from '@kiln/client';
import { col, count, length, lit } from '@kiln/client/functions';
import type { Builders } from './support.ts';

const emp = (s: Session) => s.table('emp');
const la = (s: Session) => s.table('la');
const words = (s: Session) => s.table('words');

export const ordering: Builders = {
  'nulls are first ascending': (s) => la(s).orderBy('x'),
  'nulls are last descending': (s) => la(s).orderBy(col('x').desc()),
  'nulls last ascending': (s) => la(s).orderBy(col('x').ascNullsLast()),
  'nulls first descending': (s) => la(s).orderBy(col('x').descNullsFirst()),
  'several keys': (s) =>
    emp(s)
      .select('dept', 'salary', 'id')
      .orderBy(col('dept').descNullsLast(), col('salary').ascNullsLast(), col('id').desc()),
  'by ordinal': (s) => emp(s).select('name', 'id').orderBy(col('id').desc()),
  'by ordinal out of range': (s) => emp(s).select('name').orderBy(lit(2)),
  'by alias': (s) => emp(s).select(col('id').multiply(-1).as('n')).orderBy('n'),
  'an alias wins over a column': (s) => emp(s).selectExpr('-id as id').orderBy('id'),
  'by a column that is not selected': (s) => emp(s).select('name').orderBy(col('id').desc()),
  'by an expression': (s) => emp(s).select('name').orderBy(col('id').mod(2), col('id').negate()),
  'by an aggregate that is not selected': (s) =>
    emp(s).groupBy('dept').agg(count('*').as('n')).orderBy(col('n').desc(), 'dept').select('dept'),
  'by a group column that is not selected': (s) =>
    emp(s).groupBy('dept').agg(count('*').as('n')).orderBy('dept').select(col('n').as('count(1)')),
  'distinct by a column that is not selected': (s) => emp(s).select('dept').distinct().orderBy('id'),
  'by all': (s) => emp(s).select('dept', 'id').orderBy('dept', 'id'),
  'text by bytes': (s) => words(s).select('w').orderBy('w'),
  'by length then text': (s) => words(s).where('w is not null').select('w').orderBy(length('w'), col('w').desc()),
  'decimals, dates, booleans': (s) =>
    s.table('days').select('d', col('k').gt(2), 'k').orderBy(col('k').gt(2).desc(), col('d').ascNullsLast()),
  limit: (s) => emp(s).select('id').orderBy('id').limit(2),
  'limit and offset': (s) => emp(s).select('id').orderBy('id').offset(3).limit(2),
  'offset alone': (s) => emp(s).select('id').orderBy(col('id').desc()).offset(4),
  'limit 0': (s) => emp(s).select('id', 'name').limit(0),
  'limit of an expression': (s) => emp(s).select('id').orderBy('id').limit(2),
  'limit below a filter': (s) => emp(s).select('id').orderBy('id').limit(3).where('id > 1').orderBy('id'),
  'negative limit': (s) => emp(s).select('id').limit(-1),
  'limit that is no number': null,
  'limit of a column': null,
  'limit all': (s) => emp(s).select('id').orderBy('id'),
  'many rows across partitions': (s) =>
    s.range(0, 100, 1, 4).selectExpr('id % 7 as a', 'id').orderBy(col('a').desc(), 'id').limit(5),
  'of a union': (s) =>
    emp(s).where('id < 3').select('id').union(s.table('dept').select('id')).orderBy(col('id').desc()),
};
