import type { JobEvent } from '@kiln/client/job-file';
import type { Totals } from '../progress/stage-progress.ts';
import { bytesText, countText, durationText } from './units.ts';

/** The last lines of `kiln run`: what was written, and what it took. */
export function summaryText(events: readonly JobEvent[], totals: Totals, millis: number): string {
  const written = events.flatMap((event) =>
    event.type === 'output-written'
      ? [
          `  ${event.from} -> ${event.path}: ${countText(event.rows, 'row')}, ${countText(event.files, 'file')}, ${bytesText(event.bytes)}`,
        ]
      : [],
  );
  return [`done in ${durationText(millis)}`, ...written, `  ${workText(totals)}`].join('\n');
}

/** `5 stages (1 skipped), 34 tasks (1 failed and run again); read 13.5 MiB, shuffled 2.1 MiB, spilled 0 B`. */
export function workText({
  stages,
  skipped,
  tasks,
  failedTasks,
  bytesRead,
  bytesShuffled,
  bytesSpilled,
}: Totals): string {
  const ran = [
    `${countText(stages, 'stage')}${skipped > 0 ? ` (${skipped} skipped)` : ''}`,
    `${countText(tasks, 'task')}${failedTasks > 0 ? ` (${failedTasks} failed and ran again)` : ''}`,
  ];
  const moved = [
    `read ${bytesText(bytesRead)}`,
    `shuffled ${bytesText(bytesShuffled)}`,
    `spilled ${bytesText(bytesSpilled)}`,
  ];
  return `${ran.join(', ')}; ${moved.join(', ')}`;
}
