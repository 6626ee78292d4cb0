import { expect, it } from 'vitest';
import { drawsOf, randomScenario } from './random.ts';

it('draws the same scenario for the same seed and round, and others for others', () => {
  expect(randomScenario(7, 3)).toEqual(randomScenario(7, 3));
  const names = Array.from({ length: 40 }, (_, round) => randomScenario(7, round).name);
  expect(new Set(names).size).toBeGreaterThan(30);
  expect(names).not.toEqual(Array.from({ length: 40 }, (_, round) => randomScenario(8, round).name));
});

it('draws evenly', () => {
  const draw = drawsOf(1);
  const counts = [0, 0, 0, 0];
  for (let time = 0; time < 4_000; time++) {
    const drawn = draw(4);
    counts[drawn] = (counts[drawn] ?? 0) + 1;
  }
  for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
});
