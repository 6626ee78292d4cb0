import type { Session } from '@kiln/client';
import { call_function, col, count, expr, lit, sum } from '@kiln/client/functions';
import type { Builders } from './support.ts';

const emp = (s: Session) => s.table('emp');
const dept = (s: Session) => s.table('dept');

export const names: Builders = {
  'case of names is as written': (s) =>
    emp(s).where(col('Id').eq(1)).select('ID', col('Name').as('NAME'), col('emp.iD'), col('`id`'), col('EMP.NAME')),
  'star and qualified star': (s) => emp(s).alias('e').where('id = 1').select('*', 'e.*', 'e.id'),
  'names of expressions': (s) =>
    emp(s)
      .where('id = 1')
      .select(
        col('id').plus(1),
        col('id').negate(),
        col('id').eq(1).and(lit(true)),
        col('id').gt(1).not(),
        col('id').isin(1, 2),
        expr('count(id) over ()'),
        col('id').cast('string'),
        lit('x'),
        expr('1.50'),
        lit(null),
        col('id').isNull(),
        expr("case when id = 1 then 'a' end"),
      ),
  'names of function calls': (s) =>
    emp(s)
      .where('id = 1')
      .selectExpr(
        'upper(name)',
        'SUBSTRING(name, 1, 2)',
        "concat(name, '-', id)",
        'Coalesce(boss, 0)',
        "date_add(date '2024-01-01', id)",
        "if(id = 1, 'a', 'b')",
      ),
  'names of aggregates': (s) =>
    emp(s).selectExpr(
      'count(*)',
      'count(1)',
      'sum(id)',
      'sum(distinct id)',
      'avg(salary) + 1',
      'max(name) as m',
      'count(distinct dept, boss)',
    ),
  'odd names': (s) =>
    emp(s)
      .where('id = 1')
      .select(col('id').as('a b'), col('id').as('a.b'), col('id').as('q`q'), col('id').as('Ünï'), col('id').as('1')),
  'a dot in a name needs quotes': (s) =>
    emp(s).where('id = 1').select(col('id').as('a.b')).select(col('`a.b`').plus(1)),
  'duplicate output names': (s) => emp(s).where('id = 1').select('id', 'id', col('name').as('id'), 'ID'),
  'duplicate names cannot be told apart': (s) => emp(s).select('id', col('name').as('id')).select('id'),
  'names in both sides of a join': (s) =>
    emp(s)
      .join(dept(s), col('emp.dept').eq(col('dept.id')))
      .select('id'),
  'qualified names in a join': (s) =>
    emp(s)
      .join(dept(s), col('emp.dept').eq(col('dept.id')))
      .select('emp.id', 'dept.id', 'dept.name'),
  'an alias hides the name of the table': (s) => emp(s).alias('e').select('emp.id'),
  'unknown column with suggestion': (s) => emp(s).select('nam'),
  'unknown column of no table': (s) => s.sql('select 1').select('foo'),
  'unknown qualified column': (s) => emp(s).select('emp.nope'),
  'unknown column in where': (s) => emp(s).where("nme = 'Bob'").select('id'),
  'unknown column in order by': (s) => emp(s).select('id').orderBy('nope'),
  'unknown table': (s) => s.table('employees'),
  'unknown function': (s) => emp(s).select(call_function('uper', col('name'))),
  'wrong number of arguments': (s) => emp(s).select(call_function('upper', col('name'), lit(1))),
  'wrong type of argument': (s) => emp(s).select(expr('date_add(id, 1)')),
  'wrong types of operands': (s) => emp(s).select(col('id').and(col('name'))),
  'syntax error': (s) => emp(s).select(expr('id +')),
  'unknown qualified star': (s) => emp(s).select('x.*'),
  'renaming and dropping': (s) =>
    emp(s).where('id < 3').withColumnRenamed('ID', 'ID2').withColumnRenamed('nope', 'x').drop('DEPT', 'boss', 'nope'),
  'adding and replacing columns': (s) =>
    emp(s)
      .where('id < 3')
      .select('id', 'name')
      .withColumns({ ID: expr('upper(id)'), more: col('id').plus(1) }),
  'toDF names all': (s) => emp(s).select('id', 'name').toDF('a', 'b'),
  'an alias cannot be used in where': (s) => emp(s).where('n = 1').select(col('id').as('n')),
  'an aggregate cannot stand in where': (s) => emp(s).where(sum('id').gt(1)).select('id'),
  'a column beside an aggregate': (s) => emp(s).agg(col('id'), count('*')),
};
