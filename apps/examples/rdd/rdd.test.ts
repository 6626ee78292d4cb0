import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const repository = join(import.meta.dirname, '../../..');

function run(example: string, ...args: readonly string[]): string[] {
  const file = join(import.meta.dirname, example);
  return execFileSync(process.execPath, [file, ...args], { encoding: 'utf8' })
    .trimEnd()
    .split('\n');
}

test('word count counts the words of the guides', () => {
  const text = readFileSync(join(repository, 'ARCHITECTURE.md'), 'utf8').toLowerCase();
  const counts = new Map<string, number>();
  for (const [word] of text.matchAll(/[a-z]+/g)) counts.set(word, (counts.get(word) ?? 0) + 1);
  const top = [...counts].toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, 5);
  expect(run('word-count.ts')).toEqual(top.map(([word, count]) => `${word} ${count}`));
});

test('page rank gives what a loop over arrays gives', () => {
  const lines = readFileSync(join(import.meta.dirname, 'links.txt'), 'utf8')
    .trim()
    .split('\n');
  const links = new Map<string, string[]>();
  for (const line of lines) {
    const [from = '', to = ''] = line.split(' ');
    links.set(from, [...(links.get(from) ?? []), to]);
  }
  let ranks = new Map([...links.keys()].map((page) => [page, 1]));
  for (let i = 0; i < 10; i++) {
    const sums = new Map<string, number>();
    for (const [page, targets] of links) {
      const rank = ranks.get(page);
      if (rank !== undefined) for (const to of targets) sums.set(to, (sums.get(to) ?? 0) + rank / targets.length);
    }
    ranks = new Map([...sums].map(([page, sum]) => [page, 0.15 + 0.85 * sum]));
  }
  const expected = [...ranks].toSorted(([, a], [, b]) => b - a).map(([page, rank]) => `${page} ${rank.toFixed(4)}`);
  expect(run('page-rank.ts')).toEqual(expected);
});

test('visits are counted by country and device', () => {
  expect(run('visits.ts')).toEqual([
    '+-------+-------+-----+',
    '|country| device|count|',
    '+-------+-------+-----+',
    '|     at|desktop|    1|',
    '|     at|  phone|    2|',
    '|     de|  phone|    2|',
    '|     de| tablet|    1|',
    '+-------+-------+-----+',
  ]);
});
