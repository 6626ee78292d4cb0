import type { Session } from '@kiln/client';
import { col, count, count_distinct, expr, isnan, lit, max, min, nanvl } from '@kiln/client/functions';
import { type Builders, exprs } from './support.ts';

const nums = (s: Session) => s.table('nums');
const words = (s: Session) => s.table('words');
const reals = (s: Session) => s.table('reals');
const la = (s: Session) => s.table('la');

export const comparison: Builders = {
  'equality with null': (s) =>
    la(s).select(
      'x',
      col('x').eq(1),
      col('x').neq(1),
      col('x').eq(lit(null)),
      col('x').eqNullSafe(lit(null)),
      col('x').eqNullSafe(1),
      col('x').eqNullSafe(1).not(),
      col('x').isNull(),
      col('x').isNotNull(),
    ),
  'three-valued logic': exprs(
    lit(null).cast('boolean').and(lit(true)),
    lit(null).cast('boolean').and(lit(false)),
    lit(null).cast('boolean').or(lit(true)),
    lit(null).cast('boolean').or(lit(false)),
    lit(null).cast('boolean').not(),
    lit(true).and(lit(false).not()),
  ),
  'a filter drops null': (s) => la(s).where(col('x').neq(1)),
  'a filter of not drops null': (s) => la(s).where(col('x').eq(1).or(col('x').eq(3)).not()),
  'in with null': (s) =>
    la(s).select(
      'x',
      col('x').isin(1, null),
      col('x').isin(1, null).not(),
      col('x').isin(1, 2),
      lit(null).cast('int').isin(1),
    ),
  'not in with null keeps no row': (s) => la(s).where(col('x').isin(1, null).not()),
  between: (s) =>
    la(s).select(
      'x',
      col('x').between(1, 2),
      col('x').between(1, 2).not(),
      col('x').between(lit(null), 0),
      lit(2).between(3, 1),
    ),
  'int with decimal and double': exprs(
    '1 = 1.0',
    '1 = 1.0D',
    '1.0 = 1.0D',
    '0.1 + 0.2 = 0.3',
    '0.1D + 0.2D = 0.3D',
    '0.1F = 0.1D',
    '9007199254740993L = 9007199254740992D',
    '1.10 = 1.1',
    '3 > 2.99',
  ),
  'int with text': (s) =>
    nums(s).select(
      col('i').eq('7'),
      col('i').lt('10'),
      col('i').isin('7', '8'),
      lit('7').eq(expr('7.0')),
      lit('1').eq(lit(true)),
    ),
  'int with bad text': (s) => words(s).select(col('k').eq(col('w'))),
  'boolean with int': (s) => nums(s).select(lit(true).eq(col('k'))),
  'date with text': (s) =>
    s
      .table('days')
      .select(
        'd',
        col('d').eq('2024-01-31'),
        col('d').gt('2024-01-01'),
        col('d').between('2023', '2024-02-01'),
        col('d').leq(expr("timestamp '2024-01-31 00:00:00'")),
      ),
  'date with bad text': (s) => s.table('days').select(col('d').eq('soon')),
  'date with int': (s) => s.table('days').select(col('d').eq(1)),
  'text compares by bytes': exprs("'a' < 'B'", "'Z' < 'a'", "'é' > 'z'", "'' < 'a'", "'a' = 'a '", "'10' < '9'"),
  'NaN equals NaN and is greatest': (s) =>
    reals(s).select(
      'k',
      col('d').eq(col('d')),
      col('d').gt(expr('1e300D')),
      col('d').eq(expr("double('NaN')")),
      col('d').lt(expr("double('NaN')")),
      isnan('d'),
      nanvl('d', expr('0D')),
      col('d').eqNullSafe(col('d')),
    ),
  'NaN in order': (s) => reals(s).where('k not in (5, 8)').orderBy(col('d').desc()),
  'NaN in min and max': (s) =>
    reals(s).agg(
      min('d'),
      max('d'),
      count('d'),
      count_distinct('d'),
      expr("greatest(1D, double('NaN'))"),
      expr("least(1D, double('NaN'))"),
    ),
  'NaN and zeros in groups': (s) => reals(s).groupBy('d').agg(count('*')),
  'zeros are equal': exprs(
    '0.0D = -0.0D',
    '0.0D <=> -0.0D',
    '-0.0D < 0.0D',
    '-0.0D',
    '0.0D in (-0.0D)',
    '1 / -1e308D / 1e308D = 0',
  ),
  'zeros and NaN in joins': (s) =>
    reals(s)
      .alias('a')
      .join(reals(s).alias('b'), col('a.d').eq(col('b.d')))
      .where('a.k < b.k')
      .select('a.k', 'b.k'),
  'zeros and NaN in distinct': (s) => reals(s).select('d').distinct().orderBy(col('d').ascNullsLast()),
  'coalesce and count': (s) => la(s).where('x is null').selectExpr('coalesce(null, x, 0)', 'count(*) over ()'),
  'count of a column leaves nulls out': (s) =>
    la(s).agg(count('*'), count(lit(1)), count('x'), count_distinct('x'), count(lit(null)), expr('count(x, x + 1)')),
  'min and max of text': (s) => words(s).agg(min('w'), max('w'), min('k'), max(lit(null))),
  'greatest and least skip nulls': exprs(
    'greatest(1, null, 3)',
    'least(null, 2, 1.5)',
    'greatest(null, null)',
    'coalesce(null, null)',
  ),
  'in of computed values': null,
};
