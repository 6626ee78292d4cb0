import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

/** One machine under test: takes an event line, returns the actions as lines. */
export type TraceHarness = (event: string) => readonly string[];

/**
 * Runs every case of every `*.txt` in a folder. A case begins with `=== title`; then come event lines, each followed by the actions that
 * must come of it, indented by two spaces; `#` begins a comment. `UPDATE_TRACES=1` writes what comes: review it as a diff.
 */
export function runTraces(folder: string, makeHarness: () => TraceHarness): void {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.txt'))) {
    describe(file, () => {
      const path = join(folder, file);
      const [preamble = '', ...cases] = readFileSync(path, 'utf8').split(/^(?==== )/m);
      const replayed = cases.map((text) => replay(text, makeHarness()));
      if (process.env.UPDATE_TRACES === '1') writeFileSync(path, [preamble, ...replayed].join(''));
      for (const [index, text] of cases.entries()) {
        const title = text.slice(4, text.indexOf('\n'));
        test(title, () => expect(replayed[index]).toBe(process.env.UPDATE_TRACES === '1' ? replayed[index] : text));
      }
    });
  }
}

/** The same case with the actions that really come. */
function replay(text: string, harness: TraceHarness): string {
  const lines = text.split('\n').filter((line) => !line.startsWith('  '));
  return lines
    .flatMap((line) => {
      const isEvent = line !== '' && !line.startsWith('#') && !line.startsWith('===');
      return isEvent ? [line, ...harness(line).map((action) => `  ${action}`)] : [line];
    })
    .join('\n');
}

/** The words of an event line after an optional time: `@100 done 0.0 p1 on a`. */
export function readTraceLine(
  line: string,
  before: number,
): { readonly now: number; readonly words: readonly string[] } {
  const words = line.split(/\s+/);
  const time = words[0]?.startsWith('@') ? Number(words.shift()?.slice(1)) : before;
  return { now: time, words };
}

/** `3.1`: stage 3, attempt 1. */
export function readStage(word: string | undefined): { readonly stage: number; readonly attempt: number } {
  const [stage, attempt] = (word ?? '').split('.').map(Number);
  return { stage: stage ?? Number.NaN, attempt: attempt ?? Number.NaN };
}

/** `p3`, `t7`, `x4`: the number after the letter. */
export function readNumber(word: string | undefined): number {
  return Number((word ?? '').slice(1));
}
