import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Outbox } from './outbox.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('posts together what comes within a moment, in order, and nothing twice', () => {
  const posted: (readonly number[])[] = [];
  const outbox = new Outbox<number>((items) => posted.push(items));
  outbox.add(1);
  outbox.add(2);
  expect(posted).toEqual([]);
  vi.runAllTimers();
  expect(posted).toEqual([[1, 2]]);
  outbox.add(3);
  outbox.flush();
  outbox.flush();
  vi.runAllTimers();
  outbox.add(4);
  vi.runAllTimers();
  expect(posted).toEqual([[1, 2], [3], [4]]);
});
