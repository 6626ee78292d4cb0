import type { PoolSpec, SchedulingPolicy, TaskSetView } from '@kiln/contracts/task-scheduler';
import { byAge } from './fifo-scheduling-policy.ts';

/** What is compared: a pool, or a task set inside a pool of mode FAIR. */
interface Claim {
  readonly name: string;
  readonly running: number;
  readonly minShare: number;
  readonly weight: number;
}

/**
 * Spark's FAIR mode: pools below their least share come first, by how much of it they have; then the others, by running tasks
 * over weight; then by name. Inside a pool the sets go by its own mode.
 */
export class FairSchedulingPolicy implements SchedulingPolicy {
  readonly name = 'FAIR';
  readonly #pools: ReadonlyMap<string, PoolSpec>;

  constructor(pools: readonly PoolSpec[]) {
    this.#pools = new Map(pools.map((pool) => [pool.name, pool]));
  }

  order(sets: readonly TaskSetView[]): readonly TaskSetView[] {
    const pools = [...Map.groupBy(sets, ({ pool }) => pool)].map(([name, members]) => {
      const { weight = 1, minShare = 0, schedulingMode = 'FIFO' } = this.#pools.get(name) ?? {};
      return { name, running: members[0]?.poolRunning ?? 0, minShare, weight, schedulingMode, members };
    });
    return pools
      .sort(byFairness)
      .flatMap(({ members, schedulingMode }) =>
        schedulingMode === 'FAIR' ? fairly(members) : members.toSorted(byAge),
      );
  }
}

function fairly(sets: readonly TaskSetView[]): readonly TaskSetView[] {
  return sets
    .map((set) => ({ name: `${set.stageId}.${set.stageAttempt}`, running: set.running, minShare: 0, weight: 1, set }))
    .sort(byFairness)
    .map(({ set }) => set);
}

function byFairness(a: Claim, b: Claim): number {
  const [isNeedyA, isNeedyB] = [a, b].map(({ running, minShare }) => running < minShare);
  if (isNeedyA !== isNeedyB) return isNeedyA ? -1 : 1;
  const share = isNeedyA
    ? a.running / Math.max(a.minShare, 1) - b.running / Math.max(b.minShare, 1)
    : a.running / a.weight - b.running / b.weight;
  return share !== 0 ? share : a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
