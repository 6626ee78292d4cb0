import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Combiner, combining } from './combiner.ts';
import { HeapWatch } from './heap-watch.ts';
import { mergeSorted } from './runs.ts';
import { PairSorter } from './sorter.ts';
import { hashOf, TextTable } from './text-table.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kiln-runs-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => expect(readdirSync(folder)).toEqual([]));

/** Finds the heap full all the time: it spills each time it may. */
const alwaysFull = () => new HeapWatch(0);

const sums = combining({
  create: null,
  merge: { value: (a, b) => a + b, combiners: (a, b) => a + b },
  zero: null,
});

describe('a sorter', () => {
  it.each([true, false])('sorts what does not fit (ascending: %s), and leaves no file', (ascending) => {
    const pairs = Array.from({ length: 30_000 }, (_, i): [number, number] => [(i * 7919) % 10_007, i]);
    const sorter = new PairSorter([folder], ascending, alwaysFull());
    for (const pair of pairs) sorter.add(pair);
    expect(readdirSync(folder).length).toBeGreaterThan(2);
    const expected = pairs.toSorted((a, b) => (ascending ? a[0] - b[0] : b[0] - a[0]));
    // Stable: of equal keys the first comes first.
    expect([...sorter.sorted()]).toEqual(expected);
    expect(sorter.spilledBytes).toBeGreaterThan(100_000);
    sorter.close();
  });
});

describe('a combiner', () => {
  it('combines what does not fit, keys of all kinds', () => {
    const keyOf = (i: number) => [`text ${i % 5_000}`, i % 3_000, [i % 2_000, 'a']][i % 3];
    const values = Array.from({ length: 60_000 }, (_, i) => i);
    const spilling = new Combiner(sums, [folder], null, alwaysFull());
    const holding = new Combiner(sums, [folder], null, new HeapWatch(Number.MAX_SAFE_INTEGER));
    for (const value of values) for (const combiner of [spilling, holding]) combiner.addValue(keyOf(value), value);
    const sorted = (combiner: Combiner) => [...combiner.pairs()].map((pair) => JSON.stringify(pair)).sort();
    expect(spilling.spilledBytes).toBeGreaterThan(100_000);
    expect(holding.spilledBytes).toBe(0);
    expect(sorted(spilling)).toEqual(sorted(holding));
    spilling.close();
  });

  it('hands on what it holds when it is full', () => {
    const given: [unknown, unknown][] = [];
    const combiner = new Combiner(sums, [], (full) => full.take((key, sum) => given.push([key, sum])), alwaysFull());
    for (let i = 0; i < 20_000; i++) combiner.addValue(`k${i % 9_000}`, 1);
    combiner.take((key, sum) => given.push([key, sum]));
    expect(given.length).toBeGreaterThan(9_000);
    expect(given.reduce((sum, [, count]) => sum + (count as number), 0)).toBe(20_000);
  });

  it('takes -0 and 0 for one key, and each NaN', () => {
    const combiner = new Combiner(sums, []);
    for (const key of [0, -0, Number.NaN, Number.NaN, '0', null, undefined]) combiner.addValue(key, 1);
    expect([...combiner.pairs()].map(([, count]) => count)).toEqual([1, 2, 2, 1, 1]);
  });
});

describe('a table of texts', () => {
  it('is a map', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 3 }), { maxLength: 3_000 }), (texts) => {
        const table = new TextTable();
        const map = new Map<string, number>();
        for (const text of texts) {
          const index = table.find(text, hashOf(text));
          if (index < 0) table.add(text, hashOf(text), 1);
          else table.combiners[index] = (table.combiners[index] as number) + 1;
          map.set(text, (map.get(text) ?? 0) + 1);
        }
        expect(table.keys.map((key, i) => [key, table.combiners[i]])).toEqual([...map]);
      }),
      { numRuns: 30 },
    );
    const long = 'x'.repeat(100);
    expect(hashOf(`${long}a${long}`)).toBe(hashOf(`${long}b${long}`));
  });
});

describe('sorted runs', () => {
  it('merge into one', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat(50)), { maxLength: 12 }), (runs) => {
        const sorted = runs.map((run) => run.toSorted((a, b) => a - b).values());
        expect([...mergeSorted(sorted, (a, b) => a - b)]).toEqual(runs.flat().toSorted((a, b) => a - b));
      }),
    );
  });
});
