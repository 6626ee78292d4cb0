import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rangeStream, TextStream } from './sources.ts';
import { drain, type Stream } from './stream.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kiln-text-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function all(stream: Stream): unknown[] {
  const records: unknown[] = [];
  drain(stream, (record) => {
    records.push(record);
  });
  return records;
}

/** The lines of a file that is cut at these places. */
function read(path: string, size: number, cuts: readonly number[]): unknown[] {
  const bounds = [0, ...cuts.filter((cut) => cut > 0 && cut < size).toSorted((a, b) => a - b), size];
  return bounds.slice(1).flatMap((end, i) => {
    const start = bounds[i] as number;
    return all(new TextStream({ path, start, length: end - start }, () => {}));
  });
}

describe('lines of a text file', () => {
  it('are all there once, wherever the file is cut', () => {
    const line = fc.string({ unit: fc.constantFrom('a', 'bc', 'ü', '漢', '🔥', ' '), maxLength: 12 });
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 20 }),
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        fc.array(fc.nat(300), { maxLength: 6 }),
        (lines, end, ends, cuts) => {
          const text = lines.join(end) + (ends && lines.length > 0 ? end : '');
          const path = join(folder, 'lines.txt');
          writeFileSync(path, text);
          const expected = text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/);
          expect(read(path, Buffer.byteLength(text), cuts)).toEqual(expected);
        },
      ),
    );
  });

  it('may be longer than a block, and blocks may end anywhere', () => {
    const lines = [
      'x'.repeat(700_000),
      'ü'.repeat(300_000),
      '',
      ...Array.from({ length: 60_000 }, (_, i) => `line ${i}`),
    ];
    const text = `${lines.join('\n')}\n`;
    const path = join(folder, 'long.txt');
    writeFileSync(path, text);
    expect(read(path, Buffer.byteLength(text), [])).toEqual(lines);
    expect(read(path, Buffer.byteLength(text), [1, 700_000, 700_001, 700_002, 1_300_001, 1_500_000])).toEqual(lines);
  });
});

describe('a range', () => {
  it('is cut into partitions of about equal size', () => {
    const parts = (start: number, end: number, step: number, partitions: number) =>
      Array.from({ length: partitions }, (_, partition) =>
        all(rangeStream({ start, end, step }, partition, partitions)),
      );
    expect(parts(0, 10, 1, 3)).toEqual([
      [0, 1, 2],
      [3, 4, 5],
      [6, 7, 8, 9],
    ]);
    expect(parts(10, 0, -4, 2)).toEqual([[10], [6, 2]]);
    expect(parts(5, 5, 1, 2)).toEqual([[], []]);
  });
});
