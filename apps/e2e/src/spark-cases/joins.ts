import type { Session } from '@kiln/client';
import { col, count, lit, sum } from '@kiln/client/functions';
import type { Builders } from './support.ts';

const emp = (s: Session) => s.table('emp');
const dept = (s: Session) => s.table('dept');
const e = (s: Session) => emp(s).alias('e');
const d = (s: Session) => dept(s).alias('d');
const on = () => col('e.dept').eq(col('d.id'));
const pair = ['e.name', 'd.name'];

export const joins: Builders = {
  inner: (s) =>
    e(s)
      .join(d(s), on())
      .select(...pair),
  left: (s) =>
    e(s)
      .join(d(s), on(), 'left')
      .select(...pair),
  right: (s) =>
    e(s)
      .join(d(s), on(), 'right')
      .select(...pair),
  full: (s) =>
    e(s)
      .join(d(s), on(), 'full')
      .select(...pair),
  semi: (s) => e(s).join(d(s), on(), 'semi'),
  anti: (s) => e(s).join(d(s), on(), 'anti'),
  cross: (s) => e(s).crossJoin(d(s)).where('e.id < 3').select('e.id', 'd.id'),
  'comma and where': (s) => e(s).join(d(s)).where('e.dept = d.id and e.id > 1').select('e.id', 'd.name'),
  'null does not match null': (s) =>
    emp(s)
      .alias('a')
      .join(emp(s).alias('b'), col('a.boss').eq(col('b.boss')))
      .where('a.id < b.id')
      .select('a.boss', 'b.boss'),
  'null-safe match': (s) =>
    e(s)
      .join(d(s), col('e.dept').eqNullSafe(col('d.id')))
      .select(...pair),
  'condition beside equality': (s) =>
    e(s)
      .join(d(s), on().and(col('e.salary').gt(3600)), 'left')
      .select(...pair),
  'full with a condition beside equality': (s) =>
    e(s)
      .join(d(s), on().and(col('d.name').like('S%')), 'full')
      .select(...pair),
  inequality: (s) =>
    emp(s)
      .alias('a')
      .join(emp(s).alias('b'), col('a.salary').lt(col('b.salary')).and(col('a.id').gt(2)))
      .select('a.id', 'b.id'),
  'left with inequality only': (s) =>
    emp(s)
      .alias('a')
      .join(emp(s).alias('b'), col('a.salary').lt(col('b.salary')), 'left')
      .select('a.id', 'b.id'),
  'full with inequality only': (s) =>
    e(s)
      .join(d(s), col('e.id').multiply(10).gt(col('d.id').plus(25)), 'full')
      .select('e.id', 'd.id'),
  'anti with inequality only': (s) =>
    emp(s)
      .alias('a')
      .join(emp(s).alias('b'), col('a.salary').lt(col('b.salary')), 'anti')
      .select('a.id'),
  'a condition of one side in an outer join': (s) => e(s).join(d(s), col('e.id').eq(1), 'left').select('e.id', 'd.id'),
  'false condition': (s) => e(s).join(d(s), lit(false), 'full').select('e.id', 'd.id'),
  'keys of different types': (s) =>
    e(s)
      .join(emp(s).selectExpr('cast(id as bigint) as k').alias('x'), col('e.id').eq(col('x.k')))
      .select('e.id', 'x.k'),
  'keys of decimal and int': (s) =>
    e(s)
      .join(emp(s).where('id < 3').selectExpr('cast(id as decimal(5,2)) as k').alias('x'), col('e.id').eq(col('x.k')))
      .select('e.id'),
  'three tables and a self join': (s) =>
    e(s)
      .join(emp(s).alias('b'), col('e.boss').eq(col('b.id')), 'left')
      .join(d(s), col('b.dept').eq(col('d.id')), 'left')
      .select('e.name', 'b.name', 'd.name'),
  'an outer join under a filter': (s) => e(s).join(d(s), on(), 'left').where('d.id is null').select('e.id'),
  'an aggregate over an outer join': (s) =>
    d(s).join(e(s), on(), 'left').groupBy('d.name').agg(count('e.id'), sum('e.salary')),
  'broadcast hint': (s) =>
    e(s)
      .join(d(s).hint('broadcast'), on())
      .select(...pair),
  'merge hint': (s) =>
    e(s)
      .join(d(s).hint('merge'), on(), 'full')
      .select(...pair),
  'columns of frames with the same names': (s) =>
    ((a, b) => a.join(b, a.col('dept').eq(b.col('id'))).select(a.col('name'), b.col('name')))(emp(s), dept(s)),
  lateral: null,
  'condition that is not boolean': (s) =>
    e(s)
      .join(d(s), col('e.id').plus(col('d.id')))
      .select('e.id'),
  'aggregate in the condition': (s) =>
    e(s)
      .join(d(s), col('d.id').eq(count('e.id')))
      .select('e.id'),
  'filter of equal keys over a null-safe join': null,
  'alternatives over a null-safe join': null,
};
