import type { FunctionGroup } from './table.ts';

export const conditionals: FunctionGroup = {
  name: 'conditionals',
  doc: 'NULLs and choices; `when` and `not` stand beside these.',
  rows: [
    ['coalesce', '...columns', 'The first that is not NULL.'],
    ['nvl', 'column, fallback', '`fallback` where it is NULL.'],
    ['ifnull', 'column, fallback', '`fallback` where it is NULL.'],
    ['nvl2', 'column, notNull, isNull', 'One of two values, by whether it is NULL.'],
    ['nullif', 'column, other', 'NULL where both are equal.'],
    ['isnull', 'column', 'Whether it is NULL.'],
    ['isnotnull', 'column', 'Whether it is not NULL.'],
    ['isnan', 'column', 'Whether it is NaN.'],
    ['greatest', '...columns', 'The greatest, NULLs left out.'],
    ['least', '...columns', 'The least, NULLs left out.'],
  ],
};
