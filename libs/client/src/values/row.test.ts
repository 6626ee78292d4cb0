import { describe, expect, test } from 'vitest';
import { rowFactory } from './row.ts';

describe('rows', () => {
  test('are plain objects by name and iterable by position', () => {
    const row = rowFactory(['state', 'flights'])(['TX', 7n]);
    expect(row).toEqual({ state: 'TX', flights: 7n });
    expect({ ...row }).toEqual({ state: 'TX', flights: 7n });
    expect(Object.keys(row)).toEqual(['state', 'flights']);
    const [state, flights] = row;
    expect([state, flights]).toEqual(['TX', 7n]);
  });

  test('two columns of one name: the first by name, both by position', () => {
    const row = rowFactory(['id', 'id', 'x'])([1, 2, 3]);
    expect(row['id']).toBe(1);
    expect([...row]).toEqual([1, 2, 3]);
    expect(Object.keys(row)).toEqual(['id', 'x']);
  });

  test('names that mean something in JavaScript', () => {
    const row = rowFactory(['__proto__', 'toJSON', 'constructor', '1', '0'])([1, 2, 3, 4, 5]);
    expect(Object.getOwnPropertyDescriptor(row, '__proto__')?.value).toBe(1);
    expect([row['toJSON'], row['constructor']]).toEqual([2, 3]);
    expect([...row]).toEqual([1, 2, 3, 4, 5]);
  });

  test('JSON keeps every digit', () => {
    const inner = rowFactory(['n'])([2n ** 63n - 1n]);
    const names = ['big', 'decimal', 'bytes', 'map', 'list', 'nan', 'none'];
    const row = rowFactory(names)([
      2n ** 60n,
      '0.10',
      Uint8Array.of(1, 2),
      new Map([['k', 3n]]),
      [1n, inner],
      Number.NaN,
      null,
    ]);
    expect(JSON.stringify(row)).toBe(
      '{"big":1152921504606846976,"decimal":"0.10","bytes":"AQI=","map":{"k":3},"list":[1,{"n":9223372036854775807}],"nan":"NaN","none":null}',
    );
  });
});
