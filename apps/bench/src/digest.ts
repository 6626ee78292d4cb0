import { createHash } from 'node:crypto';

/** The hash that peers/tpch-peers.py makes of a result: rows sorted, numbers to two decimals, so that engines can be compared. */
export function digest(rows: readonly (readonly unknown[])[], isNumber: readonly boolean[]): string {
  const lines = rows.map((row) => row.map((value, index) => normal(value, isNumber[index] ?? false)).join('|'));
  lines.sort(byCodePoint);
  return createHash('sha1').update(lines.join('\n')).digest('hex').slice(0, 10);
}

function normal(value: unknown, isNumber: boolean): string {
  if (value === null) return '∅';
  return isNumber ? twoDecimals(Number(value)) : String(value).trim();
}

/** Python's `f"{x:.2f}"`: a tie goes to the even digit, where `toFixed` goes up. */
export function twoDecimals(value: number): string {
  const text = value.toFixed(2);
  const eighths = value * 8;
  const isTie = Number.isInteger(eighths) && Math.abs(eighths) % 2 === 1;
  if (!isTie) return text;
  const lower = Math.floor(value * 100);
  return ((lower % 2 === 0 ? lower : lower + 1) / 100).toFixed(2);
}

/** Python sorts text by code point, JavaScript by UTF-16 unit. */
function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
