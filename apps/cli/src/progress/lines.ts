import type { EngineEvent } from '@kiln/contracts';
import { bytesText, countText, durationText } from '../report/units.ts';
import type { StageState } from './stage-progress.ts';

const mostCharacters = 120;

/** The plain line of an event, where it deserves one: a stage's end, and the first failure of a task. */
export function eventLine(event: EngineEvent, ended: StageState | undefined): string | undefined {
  switch (event.type) {
    case 'stage-completed':
      return stageLine(event, ended);
    case 'stage-skipped':
      return `stage ${event.stage.stageId}: skipped, its output is there already`;
    case 'task-ended':
      if (event.outcome !== 'failed') return undefined;
      return `stage ${event.task.stageId}: task ${event.task.partition} failed (attempt ${event.task.attempt + 1}): ${shortened(event.error?.message)}`;
    case 'executor-removed':
      return `executor ${event.executorId} is gone: ${event.reason}`;
    case 'executor-excluded':
      return `${event.executorId === null ? `host ${event.host}` : `executor ${event.executorId}`} gets no more tasks${event.stageId === null ? '' : ` of stage ${event.stageId}`}: too many failed there`;
    default:
      return undefined;
  }
}

function stageLine(
  { stage, outcome, time }: Extract<EngineEvent, { type: 'stage-completed' }>,
  ended: StageState | undefined,
): string {
  // Why is told once, at the end.
  if (outcome !== 'succeeded') return `stage ${stage.stageId}: ${outcome}`;
  const parts = [
    `${countText(ended?.tasks ?? 0, 'task')} in ${durationText(time - (ended?.startedAt ?? time))}`,
    ...(ended?.bytesRead ? [`read ${bytesText(ended.bytesRead)}`] : []),
    ...(ended?.bytesShuffled ? [`shuffled ${bytesText(ended.bytesShuffled)}`] : []),
  ];
  return `stage ${stage.stageId}: ${parts.join(', ')}  ${stage.name}`;
}

function shortened(text = 'no reason given'): string {
  const [line = ''] = text.split('\n');
  return line.length <= mostCharacters ? line : `${line.slice(0, mostCharacters - 1)}…`;
}
