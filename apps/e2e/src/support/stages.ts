import type { EngineEvent, StageInfo, TaskMetrics } from '@kiln/contracts';

type Ended = Extract<EngineEvent, { type: 'task-ended' }>;

/**
 * What one job did, a line for each stage in the plan's order: kind, parents, tasks, and rows that were scanned, read from shuffles, written
 * to shuffles and given as result. Only attempts that made their partition count. Times and bytes are left out: they are others in each run.
 */
export function stagesText(events: readonly EngineEvent[]): string {
  const started = events.find((event) => event.type === 'job-started');
  const stages = started?.stages ?? [];
  const number = new Map(stages.map((stage, index) => [stage.stageId, index]));
  return stages.map((stage) => stageLine(stage, number, succeeded(events, stage))).join('\n');
}

function succeeded(events: readonly EngineEvent[], { stageId }: StageInfo): readonly Ended[] {
  return events.filter(
    (event) => event.type === 'task-ended' && event.task.stageId === stageId && event.outcome === 'succeeded',
  ) as Ended[];
}

function stageLine(stage: StageInfo, number: ReadonlyMap<number, number>, tasks: readonly Ended[]): string {
  const parents = stage.parents.map((parent) => number.get(parent));
  const sum = (of: keyof TaskMetrics) => tasks.reduce((total, task) => total + (task.metrics[of] ?? 0), 0);
  const rows: readonly (readonly [string, number])[] = [
    ['scans', sum('inputRows')],
    ['reads', sum('shuffleReadRows')],
    ['shuffles', sum('shuffleWriteRows')],
    ['gives', sum('outputRows')],
  ];
  const head = `${number.get(stage.stageId)} ${stage.kind}${parents.length > 0 ? ` after ${parents.join(', ')}` : ''}`;
  const figures = rows.filter(([, count]) => count > 0).map(([word, count]) => `${word} ${count}`);
  return `${head}: ${tasks.length} task${tasks.length === 1 ? '' : 's'}${figures.map((figure) => `, ${figure}`).join('')}`;
}
