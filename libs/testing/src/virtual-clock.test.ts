import { expect, it } from 'vitest';
import { VirtualClock } from './virtual-clock.ts';

it('fires timers in order, also those set by timers, and not cancelled ones', () => {
  const clock = new VirtualClock(100);
  const fired: string[] = [];
  clock.after(30, () => fired.push(`b@${clock.now()}`));
  clock.after(10, () => {
    fired.push(`a@${clock.now()}`);
    clock.after(5, () => fired.push(`c@${clock.now()}`));
  });
  clock.after(20, () => fired.push('never'))();
  clock.advance(25);
  expect(fired).toEqual(['a@110', 'c@115']);
  clock.advance(5);
  expect(fired).toEqual(['a@110', 'c@115', 'b@130']);
});
