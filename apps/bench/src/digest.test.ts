import { expect, it } from 'vitest';
import { digest, twoDecimals } from './digest.ts';

it.each([
  [0.125, '0.12'],
  [0.375, '0.38'],
  [-0.125, '-0.12'],
  [1.005, '1.00'],
  [2.675, '2.67'],
  [12345.1251, '12345.13'],
  [7, '7.00'],
])('rounds %f as Python does', (value, text) => expect(twoDecimals(value)).toBe(text));

it('does not depend on the order of rows', () => {
  const rows = [
    ['b', '1.10'],
    ['a', null],
  ];
  expect(digest(rows, [false, true])).toBe(digest(rows.toReversed(), [false, true]));
  expect(digest(rows, [false, true])).toBe('495402a8ad');
});
