import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coalescePartitions } from './coalesce.ts';

const MB = 1024 * 1024;
const options = {
  enabled: true,
  parallelismFirst: true,
  minPartitionSize: MB,
  advisoryPartitionSize: 64 * MB,
  minPartitionNum: 2,
};
const pairs = (reads: readonly { start: number; end: number }[]) => reads.map((read) => [read.start, read.end]);

describe('coalescePartitions', () => {
  it('joins small neighbours but keeps the parallelism', () => {
    expect(pairs(coalescePartitions([Array(8).fill(MB)], options))).toEqual([
      [0, 4],
      [4, 8],
    ]);
  });

  it('makes one task of what is tiny', () => {
    expect(pairs(coalescePartitions([Array(200).fill(100)], options))).toEqual([[0, 200]]);
    expect(pairs(coalescePartitions([Array(5).fill(0)], options))).toEqual([[0, 5]]);
  });

  it('counts both sides of a join', () => {
    expect(
      pairs(
        coalescePartitions(
          [
            [40 * MB, MB, MB],
            [40 * MB, MB, MB],
          ],
          options,
        ),
      ),
    ).toEqual([
      [0, 1],
      [1, 3],
    ]);
  });

  it('leaves all alone when it is off', () => {
    expect(coalescePartitions([[1, 1, 1]], { ...options, enabled: false })).toHaveLength(3);
  });

  it('covers every partition once, in order, and never joins two halves beyond 1.2 x the target', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(200 * MB), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 16 }),
        (sizes, minPartitionNum) => {
          const reads = coalescePartitions([sizes], { ...options, minPartitionNum });
          let next = 0;
          for (const read of reads) {
            expect(read.start).toBe(next);
            expect(read.end).toBeGreaterThan(read.start);
            next = read.end;
            const bytes = sizes.slice(read.start, read.end).reduce((a, b) => a + b, 0);
            if (read.end - read.start > 1) expect(bytes).toBeLessThanOrEqual(64 * MB * 1.2 + 1);
          }
          expect(next).toBe(sizes.length);
        },
      ),
    );
  });
});
