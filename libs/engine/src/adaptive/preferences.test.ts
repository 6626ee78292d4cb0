import type { Split } from '@kiln/contracts/planner';
import { expect, test } from 'vitest';
import { hostsOfSplits, hostsWithMost } from './preferences.ts';

test.each<[Record<string, number>, string[]]>([
  [{ a: 10 }, ['a']],
  [{ a: 20, b: 70, c: 10 }, ['b', 'a']],
  [{ a: 1, b: 1, c: 1, d: 1, e: 1 }, ['a', 'b', 'c', 'd', 'e']],
  [{ a: 1, b: 1, c: 1, d: 1, e: 1, f: 1 }, []],
  [{ a: 0 }, []],
  [{}, []],
])('%j: %j', (bytes, hosts) => expect(hostsWithMost(new Map(Object.entries(bytes)))).toEqual(hosts));

const split = (length: number, ...hosts: string[]): Split => ({
  path: '',
  start: 0,
  length,
  size: 9,
  modifiedMillis: 0,
  hosts,
});

test('the three hosts with most bytes of the splits; localhost says nothing', () => {
  const splits = [split(1, 'a', 'b'), split(5, 'c'), split(2, 'b', 'localhost'), split(4, 'd')];
  expect(hostsOfSplits(splits)).toEqual(['c', 'd', 'b']);
});
