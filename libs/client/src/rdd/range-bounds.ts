import { compareKeys, decodeAll, encodeAll } from '@kiln/engine/records';
import type { Partitioner, RddNode, ResolveContext, ResolvedRdd } from './rdd-node.ts';

/** Spark's `RangePartitioner`: 20 keys a partition are sampled, a million at most; three times that, since partitions differ in size. */
const keysPerPartition = 20;
const mostKeys = 1_000_000;

/**
 * Ranges of about equal numbers of records, from a sample of the keys of `keys` (an RDD of keys): a job of its own, as in Spark, once
 * for the RDD.
 */
export async function rangePartitioner(
  keys: RddNode,
  parent: ResolvedRdd,
  partitions: number,
  ascending: boolean,
  context: ResolveContext,
): Promise<Partitioner> {
  const bounds = partitions <= 1 ? [] : await sampledBounds(keys, parent, partitions, context);
  const data = encodeAll(bounds);
  return {
    partitions: bounds.length + 1,
    kind: 'range',
    identity: data,
    toData: () => ({ type: 'range', bounds: data, ascending }),
  };
}

async function sampledBounds(
  keys: RddNode,
  parent: ResolvedRdd,
  partitions: number,
  context: ResolveContext,
): Promise<readonly unknown[]> {
  const wanted = Math.min(keysPerPartition * partitions, mostKeys);
  const count = Math.ceil((3 * wanted) / Math.max(1, parent.partitions));
  const action = { type: 'sample', count, seed: keys.id } as const;
  const candidates: Candidate[] = [];
  for await (const result of context.run(keys, action, null, 'sample keys for a sort')) {
    const [sample] = decodeAll(result) as [readonly [rows: number, sample: readonly unknown[]]];
    const [rows, sampled] = sample;
    for (const key of sampled) candidates.push({ key, weight: rows / sampled.length });
  }
  return boundsOf(candidates, partitions);
}

export interface Candidate {
  readonly key: unknown;
  /** Records that it stands for. */
  readonly weight: number;
}

/** At most `partitions - 1` bounds, all different, ascending. */
export function boundsOf(candidates: readonly Candidate[], partitions: number): readonly unknown[] {
  const ordered = [...candidates].sort((a, b) => compareKeys(a.key, b.key));
  const step = ordered.reduce((sum, { weight }) => sum + weight, 0) / partitions;
  const bounds: unknown[] = [];
  let passed = 0;
  let target = step;
  for (const { key, weight } of ordered) {
    passed += weight;
    if (bounds.length >= partitions - 1) break;
    if (passed < target) continue;
    if (bounds.length > 0 && compareKeys(key, bounds.at(-1)) <= 0) continue;
    bounds.push(key);
    target += step;
  }
  return bounds;
}
