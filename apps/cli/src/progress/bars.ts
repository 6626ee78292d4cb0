import { durationText } from '../report/units.ts';
import type { StageState } from './stage-progress.ts';

const mostBars = 4;
const barWidth = 24;

/** One line per running stage, cut to the width of the terminal. */
export function barLines(stages: readonly StageState[], now: number, columns: number): string[] {
  const lines = stages.slice(0, mostBars).map((stage) => barLine(stage, now));
  const more = stages.length - lines.length;
  if (more > 0) lines.push(`and ${more} more`);
  return lines.map((line) => (line.length < columns ? line : `${line.slice(0, Math.max(0, columns - 2))}…`));
}

function barLine({ info, attempt, tasks, done, running, failed, startedAt }: StageState, now: number): string {
  const filled = tasks === 0 ? barWidth : Math.floor((done / tasks) * barWidth);
  const bar = `${'='.repeat(filled)}${filled < barWidth ? '>' : ''}`.padEnd(barWidth);
  const retry = attempt > 0 ? ` (attempt ${attempt + 1})` : '';
  const failures = failed > 0 ? `, ${failed} failed` : '';
  return `stage ${info.stageId}${retry} [${bar}] ${done}/${tasks}, ${running} running${failures}, ${durationText(Math.max(0, now - startedAt))}  ${info.name}`;
}
