import type { FunctionGroup } from './table.ts';

export const windows: FunctionGroup = {
  name: 'windows',
  doc: 'Ranking and neighbours: only with `.over(window)`.',
  rows: [
    ['row_number', '', 'Number of the row in its window, from 1.'],
    ['rank', '', 'Rank with gaps after ties.'],
    ['dense_rank', '', 'Rank without gaps.'],
    ['percent_rank', '', 'Rank from 0 to 1.'],
    ['cume_dist', '', 'Share of rows at or before this one.'],
    ['ntile', 'buckets#', 'Number of the bucket, of `buckets` about equal ones.'],
    ['lag', 'column, offset#?, fallback#?', 'The value `offset` rows before (1), or `fallback` (NULL).'],
    ['lead', 'column, offset#?, fallback#?', 'The value `offset` rows after (1), or `fallback` (NULL).'],
    ['nth_value', 'column, n#', 'The value of the n-th row of the frame.'],
  ],
};
