import type { ErrorData } from '@kiln/base';
import type { ApplicationHistory, ExecutorHistory, JobHistory, StageHistory } from '@kiln/host/event-log';
import { countText, durationText } from '../report/units.ts';
import { columns } from './columns.ts';
import { taskSummary } from './task-summary.ts';

/** Failures of one stage attempt that are told; the rest are counted. */
const mostFailures = 5;

/** An application for people: what it was, its executors, jobs, and stages with the distribution of their tasks' figures. */
export function historyText(history: ApplicationHistory, verbose: boolean): string {
  const { executors, jobs, stages } = history;
  const parts = [
    applicationLines(history),
    ...(verbose ? [section('Settings', columns(Object.entries(history.header.settings)))] : []),
    section('Executors', columns(executors.map(executorCells))),
    section('Jobs', jobs.flatMap(jobLines)),
    section('Stages', stages.flatMap(stageLines)),
  ];
  return `${parts.flat().join('\n')}\n`;
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return ['', title, ...(lines.length === 0 ? ['  none'] : lines.map((line) => `  ${line}`.trimEnd()))];
}

function applicationLines({ appId, name, master, startedAt, endedAt, isCut, header }: ApplicationHistory): string[] {
  const begin = startedAt ?? header.time;
  const end =
    endedAt === null
      ? 'has not ended, or was cut off'
      : `took ${durationText(endedAt - begin)}${isCut ? ', its log is incomplete' : ''}`;
  return [
    `${name || 'An application'} (${appId || 'without id'}) on ${master || 'an unknown master'}, Kiln ${header.kilnVersion}`,
    `  started ${new Date(begin).toISOString()}, ${end}`,
  ];
}

function executorCells(executor: ExecutorHistory): string[] {
  const { executorId, host, slots, tasks, failedTasks, reason } = executor;
  const failed = failedTasks > 0 ? ` (${failedTasks} failed)` : '';
  const cells = [executorId, host, countText(slots, 'slot'), `${countText(tasks, 'task')}${failed}`];
  return reason === null ? cells : [...cells, `removed: ${reason}`];
}

function jobLines({ jobId, description, outcome, startedAt, endedAt, stages, skipped, error }: JobHistory): string[] {
  const time = endedAt === null ? '' : ` in ${durationText(endedAt - startedAt)}`;
  const ids = stages.map(({ stageId }) => `${stageId}${skipped.includes(stageId) ? ' (skipped)' : ''}`);
  return [
    `${jobId}  ${outcome ?? 'running'}${time}  ${description}`,
    `   stages ${ids.join(', ')}`,
    ...(error === null ? [] : causeLines(error).map((line) => `   ${line}`)),
  ];
}

function stageLines(history: StageHistory): string[] {
  const { stage, attempt, outcome, startedAt, endedAt, numTasks, decisions, reason, tasks } = history;
  const retry = attempt > 0 ? ` attempt ${attempt + 1}` : '';
  const time = endedAt === null ? '' : ` in ${durationText(endedAt - startedAt)}`;
  const parents = stage.parents.length > 0 ? `, after ${stage.parents.join(', ')}` : '';
  const failures = tasks.filter((task) => task.outcome === 'failed');
  const killed = tasks.filter((task) => task.outcome === 'killed').length;
  const indented = [
    ...decisions,
    ...(reason === null ? [] : [reason]),
    ...taskSummary(tasks),
    ...failures.slice(0, mostFailures).flatMap(({ task, error }) => {
      const [first = 'no reason given', ...rest] = error === null ? [] : causeLines(error);
      return [
        `task ${task.partition} (attempt ${task.attempt + 1}) failed on executor ${task.executorId}: ${first}`,
        ...rest,
      ];
    }),
    ...(failures.length > mostFailures ? [`and ${failures.length - mostFailures} more failures`] : []),
    ...(killed > 0 ? [`${countText(killed, 'attempt')} killed`] : []),
  ];
  return [
    `${stage.stageId}${retry}  ${outcome ?? 'running'}${time}, ${stage.kind}${parents}, ${countText(numTasks, 'task')}  ${stage.name}`,
    ...indented.map((line) => `   ${line}`),
  ];
}

function causeLines(error: ErrorData): string[] {
  const lines = [`${error.code}: ${firstLine(error.message)}`];
  for (let { cause } = error; cause !== null; cause = cause.cause) {
    if (!lines.some((line) => line.includes(firstLine(cause?.message ?? ''))))
      lines.push(`because: ${firstLine(cause.message)}`);
  }
  return lines;
}

function firstLine(text: string): string {
  return text.split('\n')[0] as string;
}
