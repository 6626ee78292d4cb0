import type { Session } from '@kiln/client';
import { coalesce, col, expr, ifnull, lit, nullif, nvl, nvl2, when } from '@kiln/client/functions';
import type { Builders } from './support.ts';

const nums = (s: Session) => s.table('nums');
const emp = (s: Session) => s.table('emp');

export const conditionals: Builders = {
  'case when': (s) =>
    nums(s).select(
      'k',
      when(col('k').lt(2), 'low').when(col('k').lt(4), 'mid').otherwise('high'),
      when(col('i').gt(0), 1),
    ),
  'case of a value': (s) =>
    nums(s).select(
      expr("case k when 1 then 'one' when 2 then 'two' end"),
      expr("case i when null then 'null' else 'other' end"),
    ),
  'branches take one type': (s) =>
    nums(s).select(
      when(col('k').eq(1), 1).otherwise(expr('2.5')),
      when(col('k').eq(1), 1).otherwise(2.5),
      when(col('k').eq(1), col('k')).otherwise(col('b')),
      when(col('k').eq(1), expr("date '2024-01-01'")).otherwise(expr("timestamp '2024-01-01 10:00:00'")),
      when(col('k').eq(1), lit(null)).otherwise(col('m')),
    ),
  'branches of text and number': (s) => nums(s).select(when(col('k').eq(1), '7').otherwise(1)),
  'branches of bad text and number': (s) => nums(s).select(when(col('k').eq(1), 'x').otherwise(1)),
  'branches of date and number': (s) => nums(s).select(when(col('k').eq(1), expr("date '2024-01-01'")).otherwise(1)),
  'only the branch taken is computed': (s) =>
    nums(s).select(
      'k',
      when(col('i').neq(0), lit(14).divide(col('i'))).otherwise(0),
      expr('if(i = 0, null, 1 % i)'),
      coalesce(col('k'), lit(1).divide(0)),
    ),
  'a condition must be boolean': (s) => nums(s).select(when(col('k'), 1)),
  if: (s) => nums(s).selectExpr("if(k > 2, 'a', 'b')", 'if(i > 0, 1, 2L)', 'if(null, 1, 2)', "if(k = 1, null, 'x')"),
  'nvl and friends': (s) =>
    nums(s).select(
      'k',
      nvl('i', lit(-1)),
      ifnull('i', expr('2.5')),
      nvl2('i', lit('some'), lit('none')),
      nullif('k', lit(4)),
      nullif('i', lit(7)),
      coalesce('i', 'b', 'k'),
    ),
  'coalesce of text and number': (s) => s.table('words').where('k = 4').select(coalesce('w', 'k')),
  'nullif compares after widening': (s) =>
    s.range(1).selectExpr('nullif(1, 1.0)', "nullif('a', 'A')", 'nullif(null, 1)', 'nullif(1, null)'),
  'decode and other words': (s) =>
    nums(s).selectExpr(
      "decode(k, 1, 'one', 2, 'two', 'many')",
      'k = 1 or i is null',
      'not (k = 1)',
      'equal_null(i, null)',
      'isnull(i)',
      'isnotnull(i)',
    ),
  'is true, is distinct from': (s) =>
    nums(s).selectExpr(
      'i > 0 is true',
      '(i > 0) is not true',
      '(i > 0) is unknown',
      'i is distinct from 7',
      'i is not distinct from null',
    ),
  'sum of a case': (s) =>
    emp(s).selectExpr(
      'sum(case when dept = 10 then 1 else 0 end)',
      'count(case when salary > 3500 then 1 end)',
      'sum(if(boss is null, salary, 0))',
    ),
};
