import type { TaskHistory } from './history.ts';
import type { LoggedMetrics } from './metrics-format.ts';

/** Of one figure over the tasks of a stage attempt. */
export interface Distribution {
  readonly min: number;
  readonly quarter: number;
  readonly median: number;
  readonly threeQuarters: number;
  readonly max: number;
  readonly sum: number;
}

/** Figures of a task that come from the times of its events, in nanoseconds as the metrics are. */
export type DerivedMetric = 'durationNanos' | 'schedulerDelayNanos';
export type TaskFigure = keyof LoggedMetrics | DerivedMetric;

/** Milliseconds from its launch until its end was heard of; `null` while it runs. */
export function taskDuration({ startedAt, endedAt }: TaskHistory): number | null {
  return endedAt === null ? null : endedAt - startedAt;
}

/** A figure of a task; `null` while it runs. The scheduler delay is Spark's: what is left of the duration without making and running the task. */
export function taskFigure(task: TaskHistory, figure: TaskFigure): number | null {
  const { metrics } = task;
  const duration = taskDuration(task);
  if (metrics === null || duration === null) return null;
  if (figure === 'durationNanos') return duration * 1e6;
  if (figure === 'schedulerDelayNanos')
    return Math.max(0, duration * 1e6 - metrics.executorRunNanos - metrics.deserializeNanos);
  return metrics[figure];
}

/** Over the tasks that succeeded, as Spark's task summary; `null`: none did. */
export function distribution(tasks: readonly TaskHistory[], figure: TaskFigure): Distribution | null {
  const values = tasks
    .filter((task) => task.outcome === 'succeeded')
    .flatMap((task) => taskFigure(task, figure) ?? [])
    .toSorted((a, b) => a - b);
  if (values.length === 0) return null;
  const at = (share: number) => values[Math.min(values.length - 1, Math.floor(share * values.length))] as number;
  const sum = values.reduce((total, value) => total + value, 0);
  return { min: at(0), quarter: at(0.25), median: at(0.5), threeQuarters: at(0.75), max: at(1), sum };
}
