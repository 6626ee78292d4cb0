import { workerId } from '@kiln/base';
import { describe, expect, it } from 'vitest';
import { type PlacementRequest, placeDriver, placeExecutors, type Room } from './placement.ts';

const room = (id: string, cores: number, memory: number, parts: Partial<Room> = {}): Room => ({
  workerId: workerId(id),
  free: { cores, memoryBytes: memory },
  failures: 0,
  hint: 0,
  ...parts,
});
const request: PlacementRequest = {
  executors: 100,
  cores: 100,
  coresPerExecutor: 1,
  memoryPerExecutor: 1,
  spreadOut: true,
};
const place = (parts: Partial<PlacementRequest>, rooms: Room[]) =>
  placeExecutors({ ...request, ...parts }, rooms).map(({ workerId: id, cores }) => `${id}:${cores}`);
const three = [room('a', 10, 10), room('b', 10, 10), room('c', 10, 10)];

describe('placeExecutors', () => {
  it('spreads executors over workers', () => {
    expect(place({ cores: 4 }, three)).toEqual(['a:1', 'a:1', 'b:1', 'c:1']);
  });

  it('or fills one worker before the next', () => {
    expect(place({ cores: 12, spreadOut: false }, three)).toEqual([...Array(10).fill('a:1'), 'b:1', 'b:1']);
  });

  it('gives one executor a worker all its cores when their number is not said', () => {
    expect(place({ coresPerExecutor: null }, three)).toEqual(['a:10', 'b:10', 'c:10']);
    expect(place({ coresPerExecutor: null, cores: 16 }, three)).toEqual(['a:6', 'b:5', 'c:5']);
    expect(place({ coresPerExecutor: null, cores: 16, spreadOut: false }, three)).toEqual(['a:10', 'b:6']);
    expect(place({ coresPerExecutor: null, executors: 2 }, three)).toEqual(['a:10', 'b:10']);
  });

  it('leaves cores that are too few for an executor', () => {
    expect(place({ coresPerExecutor: 3, cores: 8 }, three)).toEqual(['a:3', 'b:3']);
    expect(place({ coresPerExecutor: 4 }, [room('a', 7, 10)])).toEqual(['a:4']);
    expect(place({ coresPerExecutor: 11 }, three)).toEqual([]);
  });

  it('keeps to memory and to the number wanted', () => {
    expect(place({ memoryPerExecutor: 4 }, [room('a', 10, 10), room('b', 10, 3)])).toEqual(['a:1', 'a:1']);
    expect(place({ executors: 2 }, three)).toEqual(['a:1', 'b:1']);
    expect(place({ executors: 0 }, three)).toEqual([]);
  });

  it('begins where most cores are free, where tasks would like to be, and not where executors failed', () => {
    expect(place({ executors: 1 }, [room('a', 2, 9), room('b', 3, 9)])).toEqual(['b:1']);
    expect(place({ executors: 1 }, [room('a', 2, 9, { hint: 5 }), room('b', 3, 9)])).toEqual(['a:1']);
    expect(place({ executors: 1 }, [room('a', 2, 9, { hint: 5, failures: 1 }), room('b', 3, 9)])).toEqual(['b:1']);
    expect(place({ executors: 1 }, [room('a', 9, 9, { failures: 2 })])).toEqual(['a:1']);
  });
});

describe('placeDriver', () => {
  const need = { cores: 2, memoryBytes: 2 };
  it('goes round the workers, or stays', () => {
    expect(placeDriver(need, three, true, null)).toBe('a');
    expect(placeDriver(need, three, true, workerId('a'))).toBe('b');
    expect(placeDriver(need, three, true, workerId('c'))).toBe('a');
    expect(placeDriver(need, three, false, workerId('a'))).toBe('a');
    expect(placeDriver(need, [room('a', 1, 9), room('b', 9, 1)], true, null)).toBeUndefined();
  });
});
