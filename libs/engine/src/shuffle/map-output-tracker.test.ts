import { type ExecutorId, executorId, shuffleId } from '@kiln/base';
import type { MapStatus } from '@kiln/contracts/executor';
import type { OutputLocation } from '@kiln/contracts/shuffle';
import { expect, test } from 'vitest';
import { DefaultMapOutputTracker } from './map-output-tracker.ts';

const [s0, s1, unknown] = [shuffleId(0), shuffleId(1), shuffleId(9)];
const [a, b] = [executorId('a'), executorId('b')];
const all = { executorId: null, host: null, shuffleId: null, map: null, includesServed: true };

function status(uri: string, bytes: readonly number[] = [1], checksum = ''): MapStatus {
  return { uri, bytes, rows: [1], checksum, keys: [] };
}

function on(executor: ExecutorId, isServed = false): OutputLocation {
  return { executor, host: `host-${executor}`, address: '', isServed };
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
    expect(made.register(shuffle, map, on(executor), status(`${executor}/${map}`))).toBe('first');
  }
  return made;
}

test('what is not registered is missing; an unknown shuffle is not known', () => {
  const made = new DefaultMapOutputTracker();
  made.registerShuffle(s0, 3);
  expect(made.missing(s0)).toEqual([0, 1, 2]);
  made.register(s0, 1, on(a), status('x'));
  expect(made.missing(s0)).toEqual([0, 2]);
  expect(made.missing(unknown)).toBeUndefined();
  expect(made.outputs(unknown)).toEqual([]);
  expect(tracker().missing(s0)).toEqual([]);
});

test('the first committed attempt of a map wins', () => {
  const made = tracker();
  expect(made.register(s0, 1, on(a), status('late'))).toBe('ignored');
  expect(made.outputs(s0)[1]?.uri).toBe('b/1');
});

test('outputs of unknown shuffles and maps are refused', () => {
  expect(tracker().register(unknown, 0, on(a), status('x'))).toBe('ignored');
  expect(tracker().register(s0, 3, on(a), status('x'))).toBe('ignored');
});

test.each([
  [{ executorId: a, shuffleId: null, map: null }, [0, 2], [0]],
  [{ executorId: a, shuffleId: s0, map: null }, [0, 2], []],
  [{ executorId: a, shuffleId: s0, map: 0 }, [0], []],
  [{ executorId: null, shuffleId: s0, map: null }, [0, 1, 2], []],
  [{ host: 'host-b' }, [1], []],
  [all, [0, 1, 2], [0]],
])('losing %j leaves holes and raises the epoch once', (lost, missing0, missing1) => {
  const made = tracker();
  made.unregister({ ...all, ...lost });
  expect([made.missing(s0), made.missing(s1), made.epoch]).toEqual([missing0, missing1, 1]);
});

test('an output that was made again elsewhere stays, and the epoch with it', () => {
  const made = tracker();
  made.unregister({ ...all, executorId: a, shuffleId: s0, map: 1 });
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

test('outputs that a service serves outlive their executor, but not their host or a block that cannot be fetched', () => {
  const made = new DefaultMapOutputTracker();
  made.registerShuffle(s0, 3);
  for (const map of [0, 1, 2]) made.register(s0, map, on(a, map > 0), status('x'));
  made.unregister({ ...all, executorId: a, includesServed: false });
  expect(made.missing(s0)).toEqual([0]);
  made.unregister({ ...all, executorId: a, shuffleId: s0, map: 1 });
  expect(made.missing(s0)).toEqual([0, 1]);
  made.unregister({ ...all, host: 'host-a' });
  expect(made.missing(s0)).toEqual([0, 1, 2]);
});

test('an output that was copied is elsewhere from a new epoch on, unless it moved before', () => {
  const made = tracker();
  expect(made.relocate(s0, 0, a, on(b), 'b/0')).toBe(true);
  expect(made.relocate(s0, 0, a, on(b), 'b/0 again')).toBe(false);
  expect(made.relocate(s0, 1, a, on(b), 'never there')).toBe(false);
  expect(made.outputs(s0)[0]).toMatchObject({ location: on(b), uri: 'b/0' });
  expect([made.epoch, made.epochOf(s0), made.epochOf(s1)]).toEqual([1, 1, 0]);
  made.unregister({ ...all, executorId: a });
  expect(made.missing(s0)).toEqual([2]);
});

test('only shuffles that lost something have another epoch', () => {
  const made = tracker();
  made.unregister({ ...all, executorId: b });
  expect([made.epoch, made.epochOf(s0), made.epochOf(s1)]).toEqual([1, 1, 0]);
});

test('an output that is made again is compared with the lost one', () => {
  const made = new DefaultMapOutputTracker();
  made.registerShuffle(s0, 1);
  const again = (checksum: string) => {
    made.unregister({ ...all, executorId: a, shuffleId: s0, map: 0 });
    return made.register(s0, 0, on(a), status('x', [1], checksum));
  };
  expect(made.register(s0, 0, on(a), status('x', [1], '12'))).toBe('first');
  expect([again('12'), again('34'), again('34'), again('')]).toEqual([
    'same-rows',
    'other-rows',
    'same-rows',
    'same-rows',
  ]);
  // All of it is void: nothing to compare with.
  again('12');
  made.unregister({ ...all, shuffleId: s0 });
  expect(made.register(s0, 0, on(a), status('x', [1], '56'))).toBe('first');
});

test('sums per partition and host follow what is lost and made again', () => {
  const made = new DefaultMapOutputTracker();
  made.registerShuffle(s0, 3);
  made.register(s0, 0, on(a), status('x', [1, 0, 5e9], '1'));
  made.register(s0, 1, on(b), status('x', [10, 20, 30], '2'));
  made.register(s0, 2, on(a), status('x', [7, 7, 7], '3'));
  expect([...made.partitionBytes(s0)]).toEqual([18, 27, 5e9 + 37]);
  made.unregister({ ...all, executorId: a });
  made.register(s0, 0, on(b), status('x', [1, 0, 5e9], '1'));
  made.register(s0, 2, on(b), status('x', [8, 0, 7], '4'));
  expect([...made.partitionBytes(s0)]).toEqual([19, 20, 5e9 + 37]);
  const hosts = [...made.bytesByHost(s0)].map(([host, bytes]) => [host, [...bytes]]);
  expect(hosts).toEqual([['host-b', [19, 20, 5e9 + 37]]]);
  made.unregister({ ...all, shuffleId: s0 });
  expect([...made.partitionBytes(s0)]).toEqual([]);
});
