import { expect, it } from 'vitest';
import { KeptOutputs } from './kept-outputs.ts';

it('asks for a collection when ended jobs left much, and not again for what users hold', () => {
  const megabytes = [100, 200, 210, 300, 400, 50, 150, 200];
  const asked: number[] = [];
  let now = 0;
  const kept = new KeptOutputs(
    () => now * 2 ** 20,
    () => asked.push(now),
  );
  for (now of megabytes) kept.beforeJob();
  expect(asked).toEqual([200, 400, 200]);
});
