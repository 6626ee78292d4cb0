import { executorId, shuffleId } from '@kiln/base';
import type { MapStatus } from '@kiln/contracts/executor';
import { expect, test } from 'vitest';
import { DefaultMapOutputTracker } from './map-output-tracker.ts';

const [s0, s1, unknown] = [shuffleId(0), shuffleId(1), shuffleId(9)];
const [a, b] = [executorId('a'), executorId('b')];
const all = { executorId: null, shuffleId: null, map: null };

function status(uri: string): MapStatus {
  return { uri, bytes: [1], rows: [1], checksum: '', keys: [] };
}

/** Shuffle 0 with maps 0 and 2 on `a`, 1 on `b`; shuffle 1 with map 0 on `a`. */
function tracker() {
  const made = new DefaultMapOutputTracker();
  made.registerShuffle(s0, 3);
  made.registerShuffle(s1, 1);
  for (const [shuffle, map, executor] of [
    [s0, 0, a],
    [s0, 1, b],
    [s0, 2, a],
    [s1, 0, a],
  ] as const) {
    expect(made.register(shuffle, map, executor, status(`${executor}/${map}`))).toBe(true);
  }
  return made;
}

test('what is not registered is missing; an unknown shuffle is not known', () => {
  const made = new DefaultMapOutputTracker();
  made.registerShuffle(s0, 3);
  expect(made.missing(s0)).toEqual([0, 1, 2]);
  made.register(s0, 1, a, status('x'));
  expect(made.missing(s0)).toEqual([0, 2]);
  expect(made.missing(unknown)).toBeUndefined();
  expect(made.outputs(unknown)).toEqual([]);
  expect(tracker().missing(s0)).toEqual([]);
});

test('the first committed attempt of a map wins', () => {
  const made = tracker();
  expect(made.register(s0, 1, a, status('late'))).toBe(false);
  expect(made.outputs(s0)[1]?.status.uri).toBe('b/1');
});

test('outputs of unknown shuffles and maps are refused', () => {
  expect(tracker().register(unknown, 0, a, status('x'))).toBe(false);
  expect(tracker().register(s0, 3, a, status('x'))).toBe(false);
});

test.each([
  [{ executorId: a, shuffleId: null, map: null }, [0, 2], [0]],
  [{ executorId: a, shuffleId: s0, map: null }, [0, 2], []],
  [{ executorId: a, shuffleId: s0, map: 0 }, [0], []],
  [{ executorId: null, shuffleId: s0, map: null }, [0, 1, 2], []],
  [all, [0, 1, 2], [0]],
])('losing %j leaves holes and raises the epoch once', (lost, missing0, missing1) => {
  const made = tracker();
  made.unregister(lost);
  expect([made.missing(s0), made.missing(s1), made.epoch]).toEqual([missing0, missing1, 1]);
});

test('an output that was made again elsewhere stays, and the epoch with it', () => {
  const made = tracker();
  made.unregister({ executorId: a, shuffleId: s0, map: 1 });
  expect([made.missing(s0), made.epoch]).toEqual([[], 0]);
});

test('a removed shuffle is not known; made again, it has no old locations', () => {
  const made = tracker();
  made.remove(s0);
  expect([made.missing(s0), made.shuffles, made.epoch]).toEqual([undefined, [s1], 1]);
  made.registerShuffle(s0, 2);
  expect(made.missing(s0)).toEqual([0, 1]);
});

test('the number of maps changes only while there are no outputs', () => {
  const made = tracker();
  made.registerShuffle(s0, 3);
  expect(() => made.registerShuffle(s0, 4)).toThrow(/Shuffle 0 has 3 outputs of 3 maps/);
  made.unregister(all);
  made.registerShuffle(s0, 4);
  expect(made.missing(s0)).toEqual([0, 1, 2, 3]);
});
