import type { Session } from '@kiln/client';
import { abs, call_function, col, expr, lit, negative, pmod, round, sign } from '@kiln/client/functions';
import type { Builders } from './support.ts';

const nums = (s: Session) => s.table('nums');
const limits = (s: Session) => s.table('limits');

export const arithmetic: Builders = {
  'slash of integers is double': (s) =>
    nums(s)
      .where(col('k').lt(3))
      .select('k', col('i').divide(2), col('b').divide(col('s')), col('t').divide(col('t'))),
  'div is bigint and cuts towards zero': (s) =>
    nums(s)
      .where('k < 3')
      .select(
        'k',
        call_function('div', col('i'), lit(2)),
        call_function('div', col('i').negate(), lit(2)),
        expr('s div t'),
        expr('m div 2'),
      ),
  'remainder has the sign of the dividend': (s) =>
    nums(s)
      .where('k < 3')
      .select(
        'k',
        col('i').mod(4),
        col('i').negate().mod(4),
        col('d').mod(2),
        col('m').mod(2),
        col('b').mod(col('s')),
        call_function('mod', col('i'), lit(5)),
      ),
  'pmod is not negative': (s) => nums(s).select('k', pmod('i', lit(4)), pmod('d', expr('2.0D')), pmod('m', lit(3))),
  'types widen': (s) =>
    nums(s)
      .where('k = 1')
      .select(
        col('t').plus(col('s')),
        col('s').plus(col('i')),
        col('i').plus(col('b')),
        col('b').plus(col('f')),
        col('f').plus(col('d')),
        col('i').plus(col('f')),
        col('m').plus(col('i')),
        col('m').plus(col('f')),
        col('t').multiply(1),
        col('s').minus(expr('1L')),
      ),
  'null operands give null': (s) =>
    nums(s)
      .where('k = 4')
      .select(
        col('i').plus(1),
        lit(null).plus(col('i')),
        col('i').divide(lit(null)),
        col('i').negate(),
        col('i').mod(0),
      ),
  'int overflow': (s) => limits(s).select(col('i').plus(1)),
  'int times int overflow': (s) => limits(s).select(col('i').multiply(2)),
  'int overflow of a constant': (s) => s.range(1).select(lit(2147483647).plus(1)),
  'bigint overflow': (s) => limits(s).select(col('b').multiply(2)),
  'bigint minus overflow': (s) => limits(s).select(col('b').negate().minus(2)),
  'smallint and tinyint overflow': (s) => limits(s).select(col('s').plus(col('s'))),
  'tinyint overflow': (s) => limits(s).select(col('t').multiply(col('t'))),
  'minus of the least int': (s) => limits(s).select(col('i').negate().minus(1).negate()),
  'abs of the least int': (s) => limits(s).select(abs(col('i').negate().minus(1))),
  'double overflow is infinity': (s) =>
    limits(s).select(
      col('d').multiply(10),
      col('d').negate().multiply(10),
      col('d').multiply(10).minus(col('d').multiply(10)),
    ),
  'sum of bigint overflows': (s) => limits(s).select('b').union(limits(s).select('b')).groupBy().sum('b'),
  'slash by zero': (s) => limits(s).select(col('i').divide(col('z'))),
  'slash by zero of a constant': (s) => s.range(1).select(lit(1).divide(0)),
  'double by zero': (s) => nums(s).select(col('d').divide(expr('0.0D'))),
  'decimal by zero': (s) => nums(s).select(col('m').divide(0)),
  'div by zero': (s) => limits(s).select(expr('i div z')),
  'remainder by zero': (s) => limits(s).select(col('i').mod(col('z'))),
  'least bigint div -1': (s) => limits(s).select(expr('(-b - 1) div -1')),
  'try functions give null': (s) =>
    limits(s).select(
      call_function('try_divide', col('i'), lit(0)),
      call_function('try_add', col('i'), lit(1)),
      call_function('try_subtract', col('i').negate(), lit(2)),
      call_function('try_multiply', col('b'), lit(2)),
    ),
  'bits and shifts': (s) =>
    nums(s)
      .where('k < 3')
      .select(
        'k',
        col('i').bitwiseAnd(3),
        col('i').bitwiseOr(8),
        col('i').bitwiseXor(1),
        expr('~i'),
        col('b').bitwiseAnd(col('i')),
        expr('shiftleft(i, 2)'),
        expr('shiftright(i, 1)'),
        expr('shiftrightunsigned(i, 28)'),
        expr('i << 1'),
      ),
  'round abs sign negative': (s) =>
    nums(s).select(
      'k',
      round('d'),
      round(expr('-2.5D')),
      round('d', -1),
      round('i', -1),
      round('m', 1),
      abs('m'),
      sign('i'),
      negative('d'),
      expr('+i'),
    ),
  'ceil floor bround': (s) =>
    nums(s).select(
      'k',
      expr('ceil(d)'),
      expr('floor(d)'),
      expr('ceil(m)'),
      expr('floor(m)'),
      expr('ceil(i)'),
      expr('bround(2.5D)'),
      expr('bround(m, 1)'),
      expr('bround(3.5D)'),
    ),
  'roots and logarithms': (s) =>
    s
      .range(1)
      .select(
        ...[
          'sqrt(16)',
          'sqrt(-1)',
          'ln(0)',
          'ln(-1)',
          'log10(1000)',
          'log2(8)',
          'pow(2, 10)',
          'exp(0)',
          'cbrt(27)',
          'log(2, 8)',
          'pi()',
        ].map((e) => expr(e)),
      ),
  'round to zero': null,
};
