import type { Split } from '@kiln/contracts/planner';

/** A host is preferred when it holds this share of what a task reads of shuffles (Spark's `REDUCER_PREF_LOCS_FRACTION`). */
const shareOfHost = 0.2;
/** Hosts of a task that reads files, as Spark's `FilePartition` has them. */
const mostFileHosts = 3;

/** Hosts that hold much of some bytes, the largest share first. */
export function hostsWithMost(bytesByHost: ReadonlyMap<string, number>): readonly string[] {
  const total = [...bytesByHost.values()].reduce((sum, bytes) => sum + bytes, 0);
  return largest(bytesByHost).filter((host) => total > 0 && (bytesByHost.get(host) ?? 0) >= shareOfHost * total);
}

/** The hosts that hold most of these splits. */
export function hostsOfSplits(splits: readonly Split[]): readonly string[] {
  const bytes = new Map<string, number>();
  for (const { hosts, length } of splits) {
    for (const host of hosts) if (host !== 'localhost') bytes.set(host, (bytes.get(host) ?? 0) + length);
  }
  return largest(bytes).slice(0, mostFileHosts);
}

function largest(bytesByHost: ReadonlyMap<string, number>): readonly string[] {
  return [...bytesByHost].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([host]) => host);
}
