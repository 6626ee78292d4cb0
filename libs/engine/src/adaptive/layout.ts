import type { Split, StagePlan } from '@kiln/contracts/planner';

/** One run of tasks of a stage that read the same leaves; unions place several one after another. */
export interface Segment {
  readonly firstTask: number;
  readonly tasks: number;
  /** Scan node id to the splits of each task of this segment. */
  readonly scans: ReadonlyMap<number, readonly (readonly Split[])[]>;
  /** Readers whose partitions these tasks read. */
  readonly readers: readonly number[];
}

interface Laid {
  tasks: number;
  readonly scans: Map<number, readonly (readonly Split[])[]>;
  readonly readers: number[];
}

/**
 * Which task reads what, once the readers' ranges are decided. Leaves that begin at the same task in the plan share a segment; between
 * and after them are the tasks of a union's branches that read nothing from outside (rows of the query itself, `range`).
 *
 * `numTasks`: of the stage's program. Other than planned: partitions are read together, which no stage with a union does.
 */
export function layOut(stage: StagePlan, numTasks: number): readonly Segment[] {
  const starts = new Map<number, Laid>();
  const at = (firstTask: number, tasks: number) => {
    const segment: Laid = starts.get(firstTask) ?? { tasks: 0, scans: new Map(), readers: [] };
    segment.tasks = Math.max(segment.tasks, tasks);
    starts.set(firstTask, segment);
    return segment;
  };
  for (const scan of stage.scans) at(scan.firstTask, scan.partitions.length).scans.set(scan.scan, scan.partitions);
  for (const input of stage.inputs)
    if (input.type === 'shuffle') at(input.firstTask, input.numPartitions).readers.push(input.reader);
  const laid = [...starts].sort(([a], [b]) => a - b).map(([firstTask, segment]) => ({ firstTask, ...segment }));
  const only = laid.length === 1 ? laid[0] : undefined;
  if (only !== undefined && numTasks !== stage.numTasks) return [{ ...only, tasks: numTasks }];
  const segments: Segment[] = [];
  for (const segment of [...laid, { firstTask: numTasks, tasks: 0, scans: new Map(), readers: [] }]) {
    const tasks = segment.firstTask - countTasks(segments);
    if (tasks > 0) segments.push({ firstTask: countTasks(segments), tasks, scans: new Map(), readers: [] });
    if (segment.tasks > 0) segments.push(segment);
  }
  return segments;
}

export function countTasks(segments: readonly Segment[]): number {
  const last = segments.at(-1);
  return last === undefined ? 0 : last.firstTask + last.tasks;
}

/** The splits of each scan node that this task reads. */
export function splitsOf(segments: readonly Segment[], partition: number): Record<number, readonly Split[]> {
  const splits: Record<number, readonly Split[]> = {};
  const segment = segments.find(
    (candidate) => partition >= candidate.firstTask && partition < candidate.firstTask + candidate.tasks,
  );
  for (const [scan, partitions] of segment?.scans ?? [])
    splits[scan] = partitions[partition - (segment?.firstTask ?? 0)] ?? [];
  return splits;
}
