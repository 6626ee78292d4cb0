/** Why a case answers otherwise than Spark 4.3.0: one reason, or one by form. */
type Gap = string | { readonly SQL?: string; readonly DataFrame?: string };

const oneRow = 'not covered: a correlated scalar subquery without an aggregate';

/** Cases known to answer otherwise, as `group: name of the case`. A gap that is closed fails the suite until its line goes. */
export const gaps: Readonly<Record<string, Gap>> = {
  'arithmetic: try functions give null': 'not covered: try_divide, try_add, try_subtract, try_multiply',
  'decimals: aggregate overflows': 'another error class: ARITHMETIC_OVERFLOW, as Spark has it for larger inputs',
  'decimals: try_add of decimals': 'not covered: try_add, try_multiply, try_divide',
  'casts: text to timestamp': 'BUG: a timestamp literal with the name of a zone is an INTERNAL_ERROR',
  'comparison: int with decimal and double': 'name only: Spark calls 3 > 2.99 (3 > 2)',
  'strings: concat with null': 'BUG: concat() of nothing is an INTERNAL_ERROR',
  'dates: date minus date is an interval': 'type only: intervals do not say which fields they have (interval day)',
  'dates: interval arithmetic': 'name only: intervals do not say which fields were written',
  'dates: date with an interval of hours is a timestamp': 'name only: intervals do not say which fields were written',
  'dates: extract': 'not covered: extract from an interval',
  'dates: try_to_timestamp': 'not covered: try_to_timestamp',
  'conditionals: decode and other words': 'not covered: decode',
  'grouping: other aggregates': 'not covered: sort_array',
  'ordering: distinct by a column that is not selected': {
    DataFrame: 'refused as in SQL; Spark sorts by a column that DISTINCT has dropped',
  },
  'ordering: negative limit': { DataFrame: 'the client refuses it first: KILN_ARGUMENT' },
  'subqueries: correlated scalar': oneRow,
  'subqueries: correlated scalar without aggregate': oneRow,
  'subqueries: correlated scalar of two rows': oneRow,
  'subqueries: in as a value': 'NULL as in standard SQL; Spark answers false where IN is selected as a value',
  'windows: lag that ignores nulls': 'not covered: IGNORE NULLS of lag and lead',
  'windows: qualify': { SQL: 'not covered: QUALIFY' },
};

/** Why a form of a case is expected to fail, if it is. */
export function gapOf(key: string, form: 'SQL' | 'DataFrame'): string | undefined {
  const gap = gaps[key];
  return typeof gap === 'string' ? gap : gap?.[form];
}
