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

/** `5 stages (1 skipped), 34 tasks (1 failed and ran again) on 2 executors; read 13.5 MiB, shuffled 2.1 MiB, spilled 0 B`. */
export function workText(totals: Totals): string {
  const { bytesRead, bytesShuffled, bytesSpilled } = totals;
  const moved = [
    `read ${bytesText(bytesRead)}`,
    `shuffled ${bytesText(bytesShuffled)}`,
    `spilled ${bytesText(bytesSpilled)}`,
  ];
  return `${ranText(totals)}; ${moved.join(', ')}`;
}

function ranText({ stages, skipped, repeated, tasks, failedTasks, executors, lostExecutors }: Totals): string {
  const ofStages = [...(skipped > 0 ? [`${skipped} skipped`] : []), ...(repeated > 0 ? [`${repeated} ran again`] : [])];
  const ran = [
    `${countText(stages, 'stage')}${ofStages.length > 0 ? ` (${ofStages.join(', ')})` : ''}`,
    `${countText(tasks, 'task')}${failedTasks > 0 ? ` (${failedTasks} failed and ran again)` : ''}`,
  ];
  const lost = lostExecutors > 0 ? ` (${lostExecutors} lost)` : '';
  return `${ran.join(', ')}${executors > 1 || lostExecutors > 0 ? ` on ${countText(executors, 'executor')}${lost}` : ''}`;
}
