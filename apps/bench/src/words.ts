import { closeSync, existsSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** Words of a line. */
const lineWords = 12;
const poolWords = 200_000;

/** A text of about this many bytes, if it is not there: the same whenever it is made. A third of the words are few and frequent. */
export function makeWords(path: string, bytes: number): void {
  if (existsSync(path)) return;
  mkdirSync(dirname(path), { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  const file = openSync(unfinished, 'w');
  const random = randomNumbers(1);
  const pool = Array.from({ length: poolWords }, () =>
    random() < 0.3 ? `w${Math.floor(random() ** (-1 / 0.6))}` : `word${Math.floor(random() * 50_001)}`,
  );
  for (let written = 0; written < bytes; ) {
    const lines: string[] = [];
    for (let i = 0; i < 10_000; i++) {
      const first = Math.floor(random() * (poolWords - lineWords));
      lines.push(pool.slice(first, first + lineWords).join(' '));
    }
    written += writeSync(file, `${lines.join('\n')}\n`);
  }
  closeSync(file);
  renameSync(unfinished, path);
}

/** mulberry32: uniform in [0, 1). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
