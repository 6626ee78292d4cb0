import { executorId, shuffleId } from '@kiln/base';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { DefaultMapOutputTracker } from './map-output-tracker.ts';
import { encodeSize, MapSizes } from './map-sizes.ts';

function sumsOf(bytes: readonly number[]): Float64Array {
  const sums = new Float64Array(bytes.length);
  new MapSizes(bytes).addTo(sums, 1);
  return sums;
}

test('up to 2,000 partitions sizes are exact', () => {
  return fc.assert(
    fc.property(fc.array(fc.maxSafeNat(), { maxLength: 2_000 }), (bytes) => {
      expect([...sumsOf(bytes)]).toEqual(bytes);
    }),
    { numRuns: 20 },
  );
});

test('beyond that nothing stays nothing, a byte a byte, and the rest is at most 10 % too large; large ones are exact', () => {
  const size = fc.oneof(fc.nat(3), fc.nat(1 << 20), fc.maxSafeNat());
  return fc.assert(
    fc.property(fc.array(size, { minLength: 2_001, maxLength: 2_100 }), (bytes) => {
      const sums = sumsOf(bytes);
      for (const [partition, exact] of bytes.entries()) {
        const kept = sums[partition] ?? Number.NaN;
        if (exact <= 1 && exact > 0) expect(kept).toBeCloseTo(1.1);
        else if (exact === 0 || exact >= 100 * 1024 * 1024) expect(kept).toBe(exact);
        else expect(kept / exact).toBeGreaterThan(0.999);
        if (exact > 1) expect(kept / exact).toBeLessThan(1.1001);
      }
    }),
    { numRuns: 10 },
  );
});

// As Spark's MapStatus.compressSize.
test.each([
  [0, 0],
  [1, 1],
  [2, 8],
  [10, 25],
  [1_000_000, 145],
  [1_000_000_000, 218],
  [1e300, 255],
])('%d bytes have the code %d', (size, code) => expect(encodeSize(size)).toBe(code));

test('10,000 maps of 10,000 partitions fit into the driver', { timeout: 300_000 }, () => {
  const [maps, partitions] = [10_000, 10_000];
  const tracker = new DefaultMapOutputTracker();
  const shuffle = shuffleId(0);
  tracker.registerShuffle(shuffle, maps);
  const bytes = Array.from({ length: partitions }, (_, partition) => (partition * 7919) % 100_000);
  const before = process.memoryUsage();
  for (let map = 0; map < maps; map++) {
    const executor = executorId(`e${map % 1_000}`);
    const location = { executor, host: `h${map % 250}`, address: `h${map % 250}:7000`, isServed: false };
    // A fresh array each time, as it comes off the wire.
    tracker.register(shuffle, map, location, {
      uri: `file:/${map}`,
      bytes: bytes.slice(),
      rows: [],
      checksum: '1',
      keys: [],
    });
  }
  const after = process.memoryUsage();
  const used = after.arrayBuffers - before.arrayBuffers;
  expect(used).toBeLessThan(120e6);
  expect(used).toBeGreaterThan(99e6);
  expect(tracker.missing(shuffle)).toEqual([]);
  expect(tracker.partitionBytes(shuffle)[9_999]).toBe(maps * (bytes[9_999] ?? 0));

  // An executor is lost, its ten maps are made again: the sums are exact as before.
  tracker.unregister({ executorId: executorId('e7'), host: null, shuffleId: null, map: null, includesServed: false });
  const missing = tracker.missing(shuffle) ?? [];
  expect(missing).toHaveLength(10);
  for (const map of missing) {
    const location = { executor: executorId('e8'), host: 'h8', address: 'h8:7000', isServed: false };
    tracker.register(shuffle, map, location, { uri: `file:/${map}`, bytes, rows: [], checksum: '1', keys: [] });
  }
  expect(tracker.partitionBytes(shuffle)[9_999]).toBe(maps * (bytes[9_999] ?? 0));
});
