import { shuffleId } from '@kiln/base';
import type { PartitionRead, Planner, StageDecisions, StageInput } from '@kiln/contracts/planner';
import type { MapOutputTracker } from '@kiln/contracts/shuffle';
import { type CoalesceOptions, coalescePartitions } from '@kiln/engine/adaptive';
import type { Stage } from './stages.ts';

export interface DecisionInputs {
  readonly tracker: MapOutputTracker;
  readonly planner: Planner;
  readonly coalesce: CoalesceOptions;
  readonly scalars: Readonly<Record<number, string>>;
  readonly maxHashBuildBytes: number;
}

type ShuffleInput = Extract<StageInput, { type: 'shuffle' }>;

/** Which reader reads what: kept over the attempts of a stage, since partitions that are done are not run again. */
export interface Layout {
  readonly reads: Readonly<Record<number, readonly PartitionRead[]>>;
  readonly rangeBounds: Readonly<Record<number, readonly string[]>>;
  /** The same for people. */
  readonly words: readonly string[];
}

/** What to do with a stage whose inputs all exist: the exact sizes are known. */
export function decide(stage: Stage, layout: Layout, inputs: DecisionInputs): StageDecisions {
  return {
    reads: layout.reads,
    scalars: inputs.scalars,
    inputBytes: Object.fromEntries(
      stage.plan.inputs.flatMap((input) => exactBytes(input, layout.reads, inputs.tracker)),
    ),
    rangeBounds: layout.rangeBounds,
    maxHashBuildBytes: inputs.maxHashBuildBytes,
    avoidHashJoin: stage.avoidHashJoin,
    conf: stage.query.conf,
    nowMicros: stage.query.nowMicros,
  };
}

/** Joins small partitions, and gives a global sort its ranges. */
export function chooseLayout(stage: Stage, inputs: DecisionInputs): Layout {
  const shuffles = stage.plan.inputs.filter((input) => input.type === 'shuffle');
  const reads: Record<number, readonly PartitionRead[]> = {};
  const rangeBounds: Record<number, readonly string[]> = {};
  const words: string[] = [];
  for (const group of groupsOf(shuffles)) {
    const range = group.length === 1 ? rangePartitioned(stage, group[0]) : undefined;
    if (range !== undefined) {
      const bounds = boundsOf(range, inputs);
      rangeBounds[range.reader] = bounds;
      reads[range.reader] = Array.from({ length: bounds.length + 1 }, (_, index) => {
        return { start: index, end: index + 1, mapStart: 0, mapEnd: null };
      });
      words.push(`shuffle ${range.shuffleId}: ${bounds.length + 1} ranges of a global sort`);
      continue;
    }
    const sizes = group.map((input) => partitionBytes(inputs.tracker, input));
    const coalescible = group.every((input) => input.coalescible);
    const ranges = coalescePartitions(sizes, { ...inputs.coalesce, enabled: inputs.coalesce.enabled && coalescible });
    for (const input of group) reads[input.reader] = ranges;
    const before = sizes[0]?.length ?? 0;
    const ids = group.map((input) => input.shuffleId).join(', ');
    if (ranges.length < before)
      words.push(`shuffle ${ids}: ${before} partitions read by ${ranges.length} task${ranges.length === 1 ? '' : 's'}`);
  }
  return { reads, rangeBounds, words };
}

function boundsOf(range: ShuffleInput, { tracker, coalesce, planner }: DecisionInputs): readonly string[] {
  const outputs = tracker.outputs(shuffleId(range.shuffleId)).filter((output) => output !== undefined);
  const runs = outputs.map(({ keys, rows }) => ({ keys, rows }));
  return planner.chooseRangeBounds(
    runs,
    rangeTasks(sum(partitionBytes(tracker, range)), range.numPartitions, coalesce),
  );
}

function groupsOf(shuffles: readonly ShuffleInput[]): readonly (readonly ShuffleInput[])[] {
  const groups = new Map<number, ShuffleInput[]>();
  for (const input of shuffles) groups.set(input.group, [...(groups.get(input.group) ?? []), input]);
  return [...groups.values()];
}

function rangePartitioned(stage: Stage, input: ShuffleInput | undefined): ShuffleInput | undefined {
  const output = input === undefined ? undefined : stage.producers[input.stage]?.plan.output;
  return output?.type === 'shuffle' && output.partitioning.type === 'range' ? input : undefined;
}

function rangeTasks(bytes: number, most: number, options: CoalesceOptions): number {
  const floor = options.parallelismFirst ? options.minPartitionSize : options.advisoryPartitionSize;
  return Math.max(1, Math.min(most, Math.ceil(bytes / Math.max(1, floor))));
}

function exactBytes(
  input: StageInput,
  reads: Readonly<Record<number, readonly PartitionRead[]>>,
  tracker: MapOutputTracker,
): [number, number[]][] {
  if (input.type === 'scalar-subquery') return [];
  if (input.type === 'broadcast') return [[input.reader, [tracker.partitionBytes(shuffleId(input.shuffleId))[0] ?? 0]]];
  const bytes = partitionBytes(tracker, input);
  return [[input.reader, (reads[input.reader] ?? []).map((read) => sum(bytes.slice(read.start, read.end)))]];
}

/** Bytes per reduce partition, over all maps. */
function partitionBytes(tracker: MapOutputTracker, { shuffleId: id, numPartitions }: ShuffleInput): Float64Array {
  const bytes = new Float64Array(numPartitions);
  bytes.set(tracker.partitionBytes(shuffleId(id)).subarray(0, numPartitions));
  return bytes;
}

function sum(numbers: Float64Array): number {
  return numbers.reduce((a, b) => a + b, 0);
}
