import type { EngineResult } from './engines.ts';

/** The smallest `seconds` of a query over its runs; `undefined`: it failed or was not run. */
export function best(
  result: EngineResult,
  matches: (line: Readonly<Record<string, unknown>>) => boolean,
): number | undefined {
  const seconds = result.lines
    .filter(matches)
    .map((line) => line['seconds'])
    .filter((value): value is number => typeof value === 'number');
  return seconds.length === 0 ? undefined : Math.min(...seconds);
}

export function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

export function seconds(value: number | undefined): string {
  return value === undefined ? '–' : value.toFixed(2);
}

/** How many times longer `other` takes than `ours`. */
export function ratio(other: number | undefined, ours: number | undefined): string {
  return other === undefined || ours === undefined || ours === 0 ? '–' : `${(other / ours).toFixed(2)} x`;
}
