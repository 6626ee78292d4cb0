import type { Session } from '@kiln/client';
import { avg, col, expr, lit, max } from '@kiln/client/functions';
import type { Builders } from './support.ts';

const emp = (s: Session) => s.table('emp');
const dept = (s: Session) => s.table('dept');
const la = (s: Session) => s.table('la');
const lb = (s: Session) => s.table('lb');

export const subqueries: Builders = {
  scalar: (s) => emp(s).select('id', col('salary').minus(emp(s).select(avg('salary')).scalar())),
  'scalar in where': (s) =>
    emp(s)
      .where(col('salary').eq(emp(s).agg(max('salary')).scalar()))
      .select('id'),
  'scalar of no rows is null': (s) =>
    s
      .range(1)
      .select(
        dept(s).where('id = 99').select('name').scalar().alias('n'),
        dept(s).where('false').agg(max('id')).scalar().isNull().alias('m'),
      ),
  'scalar of two rows': (s) => s.range(1).select(dept(s).select('name').scalar()),
  'scalar of two columns': (s) => s.range(1).select(dept(s).where('id = 10').scalar()),
  'correlated scalar': null,
  'correlated scalar aggregate': (s) =>
    emp(s)
      .alias('e')
      .selectExpr(
        'e.id',
        '(select count(*) from emp b where b.boss = e.id) as n',
        '(select max(b.salary) from emp b where b.boss = e.id) as m',
      ),
  'correlated scalar without aggregate': (s) =>
    emp(s).alias('e').selectExpr('(select d.name from dept d where d.id = e.dept)'),
  'correlated scalar of two rows': (s) =>
    emp(s).alias('e').selectExpr('(select b.name from emp b where b.dept = e.dept)'),
  'correlated in where': (s) =>
    emp(s).alias('e').where('salary > (select avg(salary) from emp b where b.dept = e.dept)').select('id'),
  exists: (s) => emp(s).alias('e').where('exists (select 1 from dept d where d.id = e.dept)').select('id'),
  'not exists': (s) => emp(s).alias('e').where('not exists (select 1 from dept d where d.id = e.dept)').select('id'),
  'exists without correlation': (s) =>
    emp(s)
      .where(dept(s).where('id > 100').exists().or(col('id').eq(1)))
      .select('id'),
  'exists as a value': (s) =>
    emp(s).alias('e').selectExpr('id', 'exists (select 1 from emp b where b.boss = e.id) as leads'),
  in: (s) =>
    emp(s)
      .where(col('dept').isin(dept(s).select('id')))
      .select('id'),
  'not in with null keeps no row': (s) => la(s).where(col('x').isin(lb(s)).not()),
  'not in without null drops null': (s) => la(s).where(col('x').isin(lb(s).where('x is not null')).not()),
  'not in of no rows keeps all': (s) => la(s).where(col('x').isin(lb(s).where('false')).not()),
  'in as a value': (s) => la(s).select('x', col('x').isin(lb(s)).as('i'), col('x').isin(lb(s)).not().as('n')),
  'correlated in': (s) =>
    emp(s).alias('e').where('salary in (select max(salary) from emp b where b.dept = e.dept)').select('id'),
  'in of two columns': (s) => emp(s).where('(dept, boss) in (select dept, boss from emp where id = 2)').select('id'),
  'not in of two columns': (s) =>
    emp(s).where('(dept, boss) not in (select dept, boss from emp where id < 3)').select('id'),
  'in of different types': (s) =>
    s.table('nums').where('i in (select m + 0.00 from nums union all select 7)').select('k'),
  'in of two columns where one is wanted': (s) =>
    emp(s)
      .where(col('dept').isin(dept(s)))
      .select('id'),
  'in under or': (s) =>
    emp(s)
      .where(
        col('dept')
          .isin(dept(s).where("name = 'Sales'").select('id'))
          .or(col('boss').isNull())
          .or(col('salary').lt(2000)),
      )
      .select('id'),
  'subquery in having': (s) =>
    emp(s).groupBy('dept').agg(expr('sum(salary)')).where('`sum(salary)` > (select avg(salary) * 2 from emp)'),
  'subquery in order by and case': (s) =>
    emp(s)
      .select('id', expr("case when dept = (select min(id) from dept) then 'first' else 'other' end as c"))
      .orderBy('id'),
  'nested subqueries': (s) =>
    emp(s)
      .where(col('dept').isin(dept(s).where('name in (select name from dept where id = 20)').select('id')))
      .select('id'),
  with: (s) =>
    ((a) =>
      a
        .crossJoin(a.agg(max('n').as('m')))
        .where('n = m')
        .select('dept'))(emp(s).groupBy('dept').agg(expr('count(*) as n'))),
  'with of column names': (s) => dept(s).toDF('x', 'y').where('x > 10').select('y'),
  'with hides a view': (s) => s.range(1).select(lit(1).as('one')),
  'subquery in from with alias of columns': (s) => dept(s).toDF('a', 'b').alias('q').where('q.a = 20').select('q.b'),
  'unknown column in a correlated subquery': (s) =>
    emp(s).alias('e').where('exists (select 1 from dept d where d.id = e.nope)').select('id'),
  'correlated scalar of an unmatched second row': null,
  'correlated scalar of the first in an order': null,
  'correlated scalar of two rows in where': null,
  lateral: null,
  'left join lateral': null,
  'lateral aggregate': null,
  'lateral columns of the row': null,
};
