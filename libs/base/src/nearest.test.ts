import { expect, test } from 'vitest';
import { nearest } from './nearest.ts';

test.each([
  ['partition', ['partitions', 'position'], 'partitions'],
  ['flgihts', ['flights', 'fights'], 'flights'],
  ['NAME', ['id', 'name'], 'name'],
  [
    'spark.shuffle.partitions',
    ['spark.shuffle.compress', 'spark.sql.shuffle.partitions'],
    'spark.sql.shuffle.partitions',
  ],
  ['ab', ['ac', 'ad'], 'ac'],
  ['price', ['weight', 'colour'], undefined],
  ['x', [], undefined],
  ['', ['id'], undefined],
])('%s among %j is like %s', (word, candidates, expected) => {
  expect(nearest(word, candidates)).toBe(expected);
});
