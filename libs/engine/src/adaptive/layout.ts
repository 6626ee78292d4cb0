import type { PartitionRead, Split, StagePlan } from '@kiln/contracts/planner';

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

/** Which task reads what, once the readers' ranges are decided. Leaves that begin at the same task in the plan share a segment. */
export function layOut(
  stage: StagePlan,
  reads: Readonly<Record<number, readonly PartitionRead[]>>,
): readonly Segment[] {
  const starts = new Map<number, Laid>();
  const at = (firstTask: number, tasks: number) => {
    const segment: Laid = starts.get(firstTask) ?? { tasks: 0, scans: new Map(), readers: [] };
    segment.tasks = Math.max(segment.tasks, tasks);
    starts.set(firstTask, segment);
    return segment;
  };
  for (const scan of stage.scans) at(scan.firstTask, scan.partitions.length).scans.set(scan.scan, scan.partitions);
  for (const input of stage.inputs) {
    if (input.type !== 'shuffle') continue;
    at(input.firstTask, reads[input.reader]?.length ?? input.numPartitions).readers.push(input.reader);
  }
  let firstTask = 0;
  const segments = [...starts.entries()]
    .sort(([a], [b]) => a - b)
    .map(([, segment]) => {
      const laid = { firstTask, ...segment };
      firstTask += segment.tasks;
      return laid;
    });
  return segments.length > 0 ? segments : [{ firstTask: 0, tasks: stage.numTasks, scans: new Map(), readers: [] }];
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
