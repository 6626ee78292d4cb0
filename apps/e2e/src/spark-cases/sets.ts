import type { Session } from '@kiln/client';
import { col, expr, lit } from '@kiln/client/functions';
import type { Builders } from './support.ts';

const la = (s: Session) => s.table('la');
const lb = (s: Session) => s.table('lb');
const emp = (s: Session) => s.table('emp');
const nums = (s: Session) => s.table('nums');

export const sets: Builders = {
  'union all keeps duplicates': (s) => la(s).union(lb(s)),
  'union removes duplicates and counts null once': (s) => la(s).union(lb(s)).distinct(),
  intersect: (s) => la(s).intersect(lb(s)),
  'intersect all': (s) => la(s).intersectAll(lb(s)),
  except: (s) => la(s).subtract(lb(s)),
  'except all': (s) => la(s).exceptAll(lb(s)),
  'minus is except': (s) => lb(s).subtract(la(s)),
  'except of several columns': (s) => s.table('dept').subtract(s.range(1).select(lit(10), lit('Sales'))),
  'types widen': (s) =>
    nums(s)
      .where('k = 1')
      .select('i', 's', 'm', 'f', 'i')
      .union(nums(s).where('k = 2').select('b', 'i', 'd', 'd', 'm')),
  'decimals widen': (s) =>
    s
      .range(1)
      .select(expr('cast(1.5 as decimal(5,1))').as('a'))
      .union(s.range(1).select(expr('cast(2.25 as decimal(10,4))')))
      .union(s.range(1).select(lit(3))),
  "null takes the other's type": (s) =>
    s
      .range(1)
      .select(lit(null).as('a'))
      .union(s.range(1).select(lit(1)))
      .union(s.range(1).select(expr('2.5'))),
  'date and timestamp': (s) =>
    s.table('days').where('k = 1').select('d').union(s.table('days').where('k = 2').select('t')),
  'text and number': (s) =>
    s
      .range(1)
      .select(lit('a').as('v'))
      .union(s.range(1).select(lit(1))),
  'text of a number and number': (s) =>
    s
      .range(1)
      .select(lit('5').as('v'))
      .union(s.range(1).select(lit(1))),
  'types that do not go together': (s) =>
    s
      .range(1)
      .select(lit(true).as('v'))
      .union(s.range(1).select(lit(1))),
  'different numbers of columns': (s) => emp(s).select('id', 'name').union(s.table('dept').select('id')),
  'names come from the first': (s) =>
    s.table('dept').toDF('a', 'b').union(emp(s).where('id = 1').selectExpr('id as c', 'name as d')),
  'union by name': (s) =>
    s
      .range(1)
      .select(lit(1).as('a'), lit('x').as('b'))
      .unionByName(s.range(1).select(lit('y').as('B'), lit(2).as('a'))),
  'union by name without a column': (s) => s.table('dept').unionByName(emp(s).where('id = 1').select('id')),
  'union by name with missing columns': (s) =>
    emp(s)
      .where('id = 1')
      .select(col('id').as('a'), lit(1).as('b'))
      .unionByName(emp(s).where('id = 1').select(lit(1).as('b')), { allowMissingColumns: true }),
  'intersect binds closer': (s) =>
    s
      .range(1)
      .select(lit(1).as('a'))
      .union(
        s
          .range(1)
          .select(lit(2))
          .intersect(s.range(1).select(lit(3))),
      ),
  parentheses: (s) =>
    s
      .range(1)
      .select(lit(1).as('a'))
      .union(s.range(1).select(lit(2)))
      .subtract(s.range(1).select(lit(2))),
  'distinct rows': (s) => emp(s).select('dept', col('boss').isNull()).distinct(),
  'duplicates by a column': (s) =>
    emp(s).select('dept', 'boss').dropDuplicates('dept', 'boss').groupBy('dept').agg(expr('count(*) as n')),
  'NaN and zeros in except': (s) =>
    s
      .table('reals')
      .select('d')
      .subtract(s.range(1).select(expr("double('NaN')"))),
  'arrays in intersect': (s) =>
    s
      .table('words')
      .select(expr("split(w, '_')").as('a'))
      .intersect(s.range(1).select(expr("split('a_b%c', '_')"))),
  'union all of groups and rows of the query': null,
  'union all of rows of the query and groups': null,
  'union all of a join with an aggregate': null,
  'except all of constant columns': null,
  'intersect all of constant columns': null,
};
