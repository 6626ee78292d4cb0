import type { Session } from '@kiln/client';
import { col, expr, lit } from '@kiln/client/functions';
import { type Builders, exprs } from './support.ts';

const nums = (s: Session) => s.table('nums');
const words = (s: Session) => s.table('words');

export const casts: Builders = {
  'text to int': exprs(
    lit(' 12 ').cast('int'),
    lit('-7').cast('bigint'),
    lit('+5').cast('tinyint'),
    expr("int('0012')"),
  ),
  'bad text to int': (s) => words(s).select(col('w').cast('int')),
  'fraction in text to int': exprs(lit('1.5').cast('int')),
  'empty text to int': exprs(lit('').cast('int')),
  'large text to int': exprs(lit('2147483648').cast('int')),
  'try_cast gives null': (s) =>
    words(s).select(
      'k',
      col('w').tryCast('int'),
      col('w').tryCast('date'),
      lit('1.5').tryCast('int'),
      lit('12').tryCast('int'),
    ),
  'text to double': exprs(
    ...[
      "double('1e3')",
      "double(' .5 ')",
      "double('NaN')",
      "double('-inf')",
      "double('Infinity')",
      "float('0.1')",
      "double('1.5f')",
    ].map((e) => expr(e)),
  ),
  'bad text to double': exprs(lit('one').cast('double')),
  'text to decimal': exprs(
    lit('1.005').cast('decimal(10,2)'),
    lit(' -2.5e2 ').cast('decimal(10,1)'),
    lit('0').cast('decimal(3,3)'),
    expr("decimal('12.7')"),
  ),
  'bad text to decimal': exprs(lit('x').cast('decimal(10,2)')),
  'double to integers': exprs(
    ...[
      'cast(2.9D as int)',
      'cast(-2.9D as int)',
      'cast(1e9D as bigint)',
      'cast(2.5F as smallint)',
      'cast(-0.0D as int)',
    ].map((e) => expr(e)),
  ),
  'double too large for int': (s) => nums(s).select(col('d').multiply(expr('1e9D')).cast('int')),
  'NaN to int': exprs(lit('NaN').cast('double').cast('int')),
  'int too large for tinyint': (s) => s.table('limits').select(col('i').cast('tinyint')),
  'bigint to int overflow': (s) => s.table('limits').select(col('b').cast('int')),
  'decimal rounding': (s) =>
    nums(s)
      .where('k < 3')
      .select(
        expr('cast(2.345 as decimal(3,2))'),
        expr('cast(-2.345 as decimal(3,2))'),
        expr('cast(2.5 as int)'),
        expr('cast(-2.5 as bigint)'),
        col('m').cast('decimal(4,1)'),
        col('m').cast('double'),
        col('m').cast('string'),
      ),
  'decimal that does not fit': exprs(expr('cast(12345.6 as decimal(4,1))')),
  'int to decimal that does not fit': (s) => s.table('limits').select(col('i').cast('decimal(3,2)')),
  'double to decimal': exprs(
    ...[
      'cast(1.005D as decimal(10,2))',
      'cast(2.5D as decimal(2,0))',
      'cast(1e10D as decimal(38,18))',
      'cast(0.1F as decimal(10,5))',
    ].map((e) => expr(e)),
  ),
  'numbers to text': exprs(
    ...[
      'string(1.0D)',
      'string(1e7D)',
      'string(1.5e-5D)',
      'string(123456789.125D)',
      'string(0.1F)',
      "string(double('NaN'))",
      'string(-0.0D)',
      'string(1e21D)',
      'string(cast(0 as decimal(10,3)))',
      'string(100L)',
    ].map((e) => expr(e)),
  ),
  'boolean to and from': exprs(
    ...['true', ' T ', 'no', '0'].map((v) => lit(v).cast('boolean')),
    lit(2).cast('boolean'),
    expr('cast(0.0D as boolean)'),
    lit(true).cast('int'),
    lit(false).cast('string'),
    lit(true).cast('decimal(3,1)'),
  ),
  'bad boolean': exprs(lit('maybe').cast('boolean')),
  'text to date': exprs(
    expr("date '2024-02-29'"),
    ...['2024-2-9', ' 2024-02-29 ', '2024', '2024-03', '2024-02-29 12:00', '2024-02-29T23:59:59Z'].map((v) =>
      lit(v).cast('date'),
    ),
  ),
  'bad date': exprs(lit('2023-02-29').cast('date')),
  'text to timestamp': exprs(
    ...['2024-02-29 12:34:56.7', '2024-02-29', '2024-02-29T01:02:03+02:00', '2024-02-29 1:2'].map((v) =>
      lit(v).cast('timestamp'),
    ),
    expr("timestamp '2024-02-29 00:00:00 America/New_York'"),
  ),
  'bad timestamp': exprs(lit('2024-02-29 25:00:00').cast('timestamp')),
  'dates and timestamps': (s) =>
    s
      .table('days')
      .select(
        'k',
        col('d').cast('timestamp'),
        col('t').cast('date'),
        col('d').cast('string'),
        col('t').cast('string'),
        col('t').cast('bigint'),
        col('t').cast('double'),
      ),
  'numbers to timestamp': exprs(lit(0).cast('timestamp'), lit(1.5).cast('timestamp'), expr('cast(-1L as timestamp)')),
  'no cast from date to int': (s) => s.table('days').select(col('d').cast('int')),
  'no cast from int to date': (s) => s.table('days').select(col('k').cast('date')),
  'unknown type': (s) => s.range(1).select(expr('cast(1 as integr)')),
  'null of any type': exprs(
    lit(null).cast('int'),
    lit(null).cast('date'),
    lit(null).cast('decimal(5,2)'),
    lit(null),
    lit(null).cast('string').cast('int'),
  ),
  'implicit from text': (s) =>
    nums(s)
      .where('k = 1')
      .select(
        lit('5').plus(1),
        lit('7').divide(2),
        col('i').plus('1'),
        lit('10').gt(9),
        expr("concat(1, 'a', 2.50, true)"),
      ),
  'text times text': exprs(lit('2').multiply(lit('3'))),
  'implicit from bad text': exprs(lit('x').plus(1)),
};
