// Counts the lines of `cargo test`. A binary that stops without its "test result"
// line (abort, segmentation fault) counts as failed: with its unfinished tests, at least one.
import type { Counts } from './counts.ts';

interface Binary {
  readonly name: string;
  announced: number;
  seen: { passed: number; failed: number; ignored: number };
}

export class CargoTestCounter {
  #binary: Binary | undefined;
  #passed = 0;
  #failed = 0;
  #skipped = 0;
  readonly #reasons: string[] = [];

  /** Lines that say nothing to a reader: passed tests and empty binaries. */
  static isNoise(line: string): boolean {
    return (
      /^test .* \.\.\. ok$/.test(line) ||
      /^running 0 tests$/.test(line) ||
      /^test result: ok\. 0 passed; 0 failed; 0 ignored/.test(line) ||
      line === ''
    );
  }

  line(text: string): void {
    const opened = /^\s+(?:Running|Doc-tests) (.+)$/.exec(text);
    if (opened) {
      this.#close();
      this.#binary = {
        name: (opened[1] ?? '').replace(/ \(.*\)$/, ''),
        announced: 0,
        seen: { passed: 0, failed: 0, ignored: 0 },
      };
      return;
    }
    const binary = this.#binary;
    if (!binary) return;
    // Doc tests print two groups (merged and standalone ones), so counts add up.
    const running = /^running (\d+) tests?$/.exec(text);
    if (running) binary.announced += Number(running[1]);
    const one = /^test (.+?)(?: - should panic)? \.\.\. (ok|FAILED|ignored)\b/.exec(text);
    if (one) this.#one(binary, one[1] ?? '', one[2] ?? '');
    const result = /^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored;/.exec(text);
    if (result) this.#result(binary, result.slice(1).map(Number) as [number, number, number]);
  }

  end(): Counts {
    this.#close();
    return { passed: this.#passed, failed: this.#failed, skipped: this.#skipped, reasons: this.#reasons };
  }

  #one({ name, seen }: Binary, test: string, outcome: string): void {
    if (outcome === 'ok') seen.passed++;
    else if (outcome === 'ignored') seen.ignored++;
    else {
      seen.failed++;
      this.#reasons.push(`${name}: ${test}`);
    }
  }

  #result(binary: Binary, [passed, failed, ignored]: [number, number, number]): void {
    this.#passed += passed;
    this.#failed += failed;
    this.#skipped += ignored;
    binary.announced -= passed + failed + ignored;
    binary.seen = { passed: 0, failed: 0, ignored: 0 };
  }

  #close(): void {
    const binary = this.#binary;
    this.#binary = undefined;
    // After a result line (also of a filtered run) nothing is left open.
    if (!binary || binary.announced <= 0) return;
    const { passed, failed, ignored } = binary.seen;
    const unfinished = Math.max(1, binary.announced - passed - failed - ignored);
    this.#passed += passed;
    this.#failed += failed + unfinished;
    this.#skipped += ignored;
    this.#reasons.push(`${binary.name}: stopped in the middle, ${unfinished} of its tests did not end`);
  }
}
