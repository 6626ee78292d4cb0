import { distribution, type TaskFigure, type TaskHistory } from '@kiln/host/event-log';
import { bytesText } from '../report/units.ts';
import { columns } from './columns.ts';

/** `always`: shown even where all tasks have 0. */
const figures: readonly { readonly name: string; readonly figure: TaskFigure; readonly always?: true }[] = [
  { name: 'duration', figure: 'durationNanos', always: true },
  { name: 'scheduler delay', figure: 'schedulerDelayNanos', always: true },
  { name: 'deserialization', figure: 'deserializeNanos' },
  { name: 'run', figure: 'executorRunNanos', always: true },
  { name: 'CPU', figure: 'executorCpuNanos', always: true },
  { name: 'garbage collection', figure: 'gcNanos' },
  { name: 'input', figure: 'inputBytes' },
  { name: 'input rows', figure: 'inputRows' },
  { name: 'shuffle read', figure: 'shuffleReadBytes' },
  { name: 'shuffle read rows', figure: 'shuffleReadRows' },
  { name: 'from this process', figure: 'localBytesRead' },
  { name: 'from others', figure: 'remoteBytesRead' },
  { name: 'from others to disk', figure: 'remoteBytesReadToDisk' },
  { name: 'waiting for others', figure: 'fetchWaitNanos' },
  { name: 'shuffle write', figure: 'shuffleWriteBytes' },
  { name: 'shuffle write rows', figure: 'shuffleWriteRows' },
  { name: 'shuffle write time', figure: 'shuffleWriteNanos' },
  { name: 'output', figure: 'outputBytes' },
  { name: 'output rows', figure: 'outputRows' },
  { name: 'result', figure: 'resultBytes' },
  { name: 'peak memory', figure: 'peakExecutionMemory' },
  { name: 'spilled (memory)', figure: 'memoryBytesSpilled' },
  { name: 'spilled (disk)', figure: 'diskBytesSpilled' },
];

/** Less is shown as 0. */
const leastNanos = 50_000;

/** A line per figure that says something: over the tasks that succeeded. */
export function taskSummary(tasks: readonly TaskHistory[]): string[] {
  const rows = figures.flatMap(({ name, figure, always }) => {
    const found = distribution(tasks, figure);
    if (found === null || (found.max < (isTime(figure) ? leastNanos : 1) && !always)) return [];
    const { min, median, max, sum } = found;
    // Together they held it at different times.
    const total = figure === 'peakExecutionMemory' ? '' : text(figure, sum);
    return [[name, text(figure, min), text(figure, median), text(figure, max), total]];
  });
  return rows.length === 0 ? [] : columns([['', 'min', 'median', 'max', 'total'], ...rows]);
}

function text(figure: TaskFigure, value: number): string {
  if (isTime(figure)) return timeText(value / 1e6);
  return figure.endsWith('Rows') ? value.toLocaleString('en') : bytesText(value);
}

function isTime(figure: TaskFigure): boolean {
  return figure.endsWith('Nanos');
}

function timeText(millis: number): string {
  if (millis >= 100_000) return `${(millis / 60_000).toFixed(1)} min`;
  if (millis >= 1_000) return `${(millis / 1_000).toFixed(1)} s`;
  return millis >= 10 || millis === 0 ? `${Math.round(millis)} ms` : `${millis.toFixed(1)} ms`;
}
