import type { Session } from '@kiln/client';
import { avg, call_function, coalesce, col, expr, lit, round, sum } from '@kiln/client/functions';
import type { Builders } from './support.ts';

const ONE =
  "select cast('12345678901234567890.123456789012345678' as decimal(38,18)) as a, cast('9876543210.12' as decimal(12,2)) as b, cast('0.003' as decimal(4,3)) as c";
const one = (s: Session) => s.sql(ONE);
const nums = (s: Session) => s.table('nums');

export const decimals: Builders = {
  'types of sums and differences': (s) =>
    one(s).select(
      col('b').plus(col('c')),
      col('b').minus(col('c')),
      col('a').plus(col('b')),
      col('a').minus(col('c')),
      col('b').plus(1),
      col('c').minus(expr('1L')),
      col('b').plus(col('b')),
    ),
  'types of products': (s) =>
    one(s).select(
      col('b').multiply(col('c')),
      col('b').multiply(col('b')),
      col('a').multiply(col('c')),
      col('a').multiply(col('b')),
      col('c').multiply(col('c')).multiply(col('c')),
      col('b').multiply(2),
    ),
  'types of quotients': (s) =>
    one(s).select(
      col('b').divide(col('c')),
      col('c').divide(col('b')),
      col('a').divide(col('c')),
      col('a').divide(col('b')),
      col('b').divide(3),
      lit(1).divide(col('b')),
      col('b').divide(expr('7.0')),
    ),
  'remainders and div': (s) =>
    one(s).select(
      col('b').mod(col('c')),
      col('a').mod(col('b')),
      col('b').mod(7),
      col('c').mod(col('b')),
      expr('a div b'),
      expr('b div 2.5'),
    ),
  'product loses digits rather than fail': (s) =>
    one(s).select(col('a').multiply(lit('1.0000000000000000001').cast('decimal(38,19)'))),
  'product overflow': (s) => one(s).select(col('a').multiply(col('a'))),
  'sum of two overflows': (s) => s.table('limits').select(col('m').plus(1)),
  'aggregate overflows': (s) => s.table('limits').select('m').union(s.table('limits').select('m')).agg(sum('m')),
  'with double is double': (s) =>
    one(s).select(
      col('b').plus(1.5),
      col('c').multiply(expr('2E0')),
      col('b').divide(lit(3).cast('float')),
      col('a').eq(1.5),
    ),
  literals: (s) =>
    s
      .range(1)
      .select(
        ...['1.5', '1.50', '0.1', '.5', '100.', '1e2', '1.5BD', '12345678901234567890', '1.5 + 1', '0.1 + 0.2'].map(
          (e) => expr(e),
        ),
      ),
  'sum and avg': (s) =>
    nums(s).agg(
      sum('m'),
      avg('m'),
      sum(col('m').multiply(2)),
      avg(col('m').divide(3)),
      sum('i'),
      avg('i'),
      sum('d'),
      avg('t'),
    ),
  'sum and avg of nothing': (s) =>
    nums(s).where('k > 100').selectExpr('sum(m)', 'avg(m)', 'sum(i)', 'avg(i)', 'count(m)', 'sum(d)', 'min(m)'),
  'avg rounds half up': (s) => s.sql('select * from values (1.00), (0.01), (0.01) as v(x)').agg(avg('x'), sum('x')),
  rounding: (s) =>
    s
      .range(1)
      .select(
        round(expr('2.345'), 2),
        round(expr('-2.345'), 2),
        round(expr('2.5')),
        round(expr('1234.5'), -2),
        expr('bround(2.345, 2)'),
        expr('ceil(2.1)'),
        expr('floor(-2.1)'),
        round(expr('9.99'), 1),
      ),
  'one type for coalesce, case and union': (s) =>
    nums(s)
      .orderBy('k')
      .select(coalesce('m', expr('1.125')), expr('case when k = 1 then m else 2 end'), expr('nvl(m, 5L)')),
  'negative and zero': (s) =>
    nums(s)
      .where('k = 2')
      .select(col('m').negate(), expr('abs(m)'), col('m').multiply(0), col('m').minus(col('m')), expr('sign(m)')),
  'try_add of decimals': (s) =>
    s
      .table('limits')
      .select(
        call_function('try_add', col('m'), lit(1)),
        call_function('try_multiply', col('m'), lit(10)),
        call_function('try_divide', col('m'), lit(0)),
      ),
};
