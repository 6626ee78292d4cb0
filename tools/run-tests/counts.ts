export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** One line per failure, to be read without scrolling back. */
  readonly reasons: readonly string[];
}

export const NONE: Counts = { passed: 0, failed: 0, skipped: 0, reasons: [] };

export const oneFailure = (reason: string): Counts => ({ ...NONE, failed: 1, reasons: [reason] });

export function add(a: Counts, b: Counts): Counts {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
    reasons: [...a.reasons, ...b.reasons],
  };
}

export function describeCounts({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
