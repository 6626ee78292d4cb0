import type { PartitionRead } from '@kiln/contracts/planner';

/** Sizes and names are Spark's: `spark.sql.adaptive.coalescePartitions.*`, `advisoryPartitionSizeInBytes`. */
export interface CoalesceOptions {
  readonly enabled: boolean;
  readonly parallelismFirst: boolean;
  readonly minPartitionSize: number;
  readonly advisoryPartitionSize: number;
  readonly minPartitionNum: number;
}

const smallPartitionFactor = 0.2;
const mergedPartitionFactor = 1.2;

/**
 * Joins neighbouring reduce partitions from exact sizes, as Spark's ShufflePartitionsUtil does: every reader of a group reads
 * the same ranges. `sizes`: per reader, bytes per reduce partition; all of the same length. Never joins nothing: at least one range.
 */
export function coalescePartitions(
  sizes: readonly ArrayLike<number>[],
  options: CoalesceOptions,
): readonly PartitionRead[] {
  const partitions = sizes[0]?.length ?? 0;
  if (!options.enabled || partitions === 0)
    return Array.from({ length: partitions }, (_, index) => range(index, index + 1));
  const target = targetSize(sizes, options);
  const reads: PartitionRead[] = [];
  let start = 0;
  let size = 0;
  let previousSize = -1;
  const close = (end: number) => {
    if (end === start) return;
    const last = reads.at(-1);
    const joinable =
      last !== undefined &&
      (size < target * smallPartitionFactor || previousSize < target * smallPartitionFactor) &&
      previousSize + size <= target * mergedPartitionFactor;
    if (joinable) {
      reads[reads.length - 1] = range(last.start, end);
      previousSize += size;
    } else {
      reads.push(range(start, end));
      previousSize = size;
    }
    start = end;
    size = 0;
  };
  for (let partition = 0; partition < partitions; partition++) {
    const bytes = sizes.reduce((sum, reader) => sum + (reader[partition] ?? 0), 0);
    if (partition > start && size + bytes > target) close(partition);
    size += bytes;
  }
  close(partitions);
  return reads;
}

function targetSize(sizes: readonly ArrayLike<number>[], options: CoalesceOptions): number {
  const total = sizes.reduce((sum, reader) => sum + Array.from(reader).reduce((a, b) => a + b, 0), 0);
  const perTask = Math.ceil(total / Math.max(1, options.minPartitionNum));
  const floor = options.parallelismFirst ? options.minPartitionSize : options.advisoryPartitionSize;
  return Math.max(1, Math.min(options.advisoryPartitionSize, Math.max(perTask, floor)));
}

function range(start: number, end: number): PartitionRead {
  return { start, end, mapStart: 0, mapEnd: null };
}
