import { shuffleId } from '@kiln/base';
import type { PartitionRead, StageInput } from '@kiln/contracts/planner';
import type { MapOutputTracker } from '@kiln/contracts/shuffle';
import type { TaskRequest } from '@kiln/contracts/task-scheduler';
import { hostsOfSplits, hostsWithMost, splitsOf } from '@kiln/engine/adaptive';
import type { StageAttempt, StagedQuery } from './stages.ts';

type ShuffleInput = Extract<StageInput, { type: 'shuffle' }>;

/** Beyond it hosts are not weighed: with so many maps and partitions every host holds a little of everything (Spark's limits). */
const mostMaps = 1_000;
const mostPartitions = 1_000;

export interface PreferenceInputs {
  readonly tracker: MapOutputTracker;
  /** `spark.shuffle.reduceLocality.enabled`. */
  readonly reduceLocality: boolean;
  /** `null`: not known. */
  readonly rackOf: (host: string) => string | null;
}

/** For each task of an attempt the hosts that hold much of what it reads: blocks of files, else map outputs. */
export function taskRequests(
  inputs: readonly StageInput[],
  attempt: Pick<StageAttempt, 'segments' | 'layout'>,
  tasks: number,
  { tracker, reduceLocality, rackOf }: PreferenceInputs,
): readonly TaskRequest[] {
  const shuffles = reduceLocality ? inputs.flatMap((input) => sumsOf(input, tracker)) : [];
  return Array.from({ length: tasks }, (_, partition) => {
    const splits = Object.values(splitsOf(attempt.segments, partition)).flat();
    const ofFiles = hostsOfSplits(splits);
    const preferredHosts =
      ofFiles.length > 0 || splits.length > 0 ? ofFiles : hostsOfShuffles(shuffles, attempt, partition);
    const preferredRacks = [...new Set(preferredHosts.flatMap((host) => rackOf(host) ?? []))];
    return { partition, preferredExecutors: [], preferredHosts, preferredRacks };
  });
}

/** All hosts of files that it reads. */
export function hostsOf({ stages }: StagedQuery): ReadonlySet<string> {
  const splits = stages.flatMap(({ plan }) => plan.scans.flatMap(({ partitions }) => partitions.flat()));
  return new Set(splits.flatMap(({ hosts }) => hosts));
}

interface ShuffleSums {
  readonly input: ShuffleInput;
  /** For each host, bytes of all reduce partitions before this one. */
  readonly hosts: ReadonlyMap<string, Float64Array>;
}

function sumsOf(input: StageInput, tracker: MapOutputTracker): readonly ShuffleSums[] {
  if (input.type !== 'shuffle' || input.numPartitions >= mostPartitions) return [];
  const id = shuffleId(input.shuffleId);
  if (tracker.outputs(id).length >= mostMaps) return [];
  const hosts = new Map<string, Float64Array>();
  for (const [host, bytes] of tracker.bytesByHost(id)) {
    const before = new Float64Array(input.numPartitions + 1);
    for (let at = 0; at < input.numPartitions; at++) before[at + 1] = (before[at] ?? 0) + (bytes[at] ?? 0);
    hosts.set(host, before);
  }
  return [{ input, hosts }];
}

function hostsOfShuffles(
  shuffles: readonly ShuffleSums[],
  { segments, layout }: Pick<StageAttempt, 'segments' | 'layout'>,
  partition: number,
): readonly string[] {
  const bytes = new Map<string, number>();
  for (const { input, hosts } of shuffles) {
    const segment = segments.find(({ readers }) => readers.includes(input.reader));
    const index = partition - (segment?.firstTask ?? input.firstTask);
    const read: PartitionRead | undefined = segment === undefined ? whole(index) : layout.reads[input.reader]?.[index];
    if (read === undefined) continue;
    for (const [host, before] of hosts) {
      const size = (before[read.end] ?? 0) - (before[read.start] ?? 0);
      if (size > 0) bytes.set(host, (bytes.get(host) ?? 0) + size);
    }
  }
  return hostsWithMost(bytes);
}

/** Of a stage whose layout was fixed beforehand: a task reads the partition of its number. */
function whole(index: number): PartitionRead {
  return { start: index, end: index + 1, mapStart: 0, mapEnd: null };
}
