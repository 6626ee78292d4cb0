import type { ShuffleIds } from '@kiln/contracts/shuffle';
import { cutLineage, type LineageStage, lineageRunner } from '@kiln/engine/planner';
import type { DriverParts, LineageQuery } from './driver-parts.ts';
import type { Stage, StagedQuery, StageRegistry } from './stages.ts';

export { lineageRunner };

interface Kept {
  readonly stage: Stage;
  /** Jobs that name it. */
  users: number;
  /** No RDD refers to it any more. */
  released: boolean;
}

/**
 * Stages of RDDs. A shuffle is one map stage in every job, until its RDD is gone and no job names it: what it has made is not made
 * again. `free` is told of stages that nobody uses or will ask for again.
 */
export class LineagePlans {
  readonly #clock: DriverParts['clock'];
  readonly #shuffleIds: ShuffleIds;
  readonly #stages: StageRegistry;
  readonly #free: (stages: readonly Stage[]) => void;
  /** By the number that the user's thread gave the shuffle. */
  readonly #kept = new Map<number, Kept>();

  constructor(
    parts: Pick<DriverParts, 'clock' | 'shuffleIds'>,
    stages: StageRegistry,
    free: (stages: readonly Stage[]) => void,
  ) {
    this.#clock = parts.clock;
    this.#shuffleIds = parts.shuffleIds;
    this.#stages = stages;
    this.#free = free;
  }

  /** Whoever gets one gives it back by {@link release}. */
  acquire({ lineage, conf, defaultParallelism }: LineageQuery): StagedQuery {
    const stages: Stage[] = [];
    const query: StagedQuery = {
      schema: [],
      runner: lineageRunner,
      nowMicros: this.#clock.now() * 1000,
      conf,
      defaultParallelism,
      stages,
    };
    const known = (shuffle: number) => {
      const output = this.#kept.get(shuffle)?.stage.plan.output;
      return output?.type === 'shuffle' ? output.shuffleId : undefined;
    };
    const cut = cutLineage(lineage, (shuffle) => known(shuffle) ?? this.#shuffleIds.reserve(1));
    for (const made of cut) {
      const { shuffle, parents } = made;
      const producers = parents.map((index) => stages[index] as Stage);
      const kept = shuffle === null ? undefined : this.#kept.get(shuffle);
      const stage = kept?.stage ?? this.#register(made, query, producers);
      stages.push(stage);
      if (kept !== undefined) kept.users++;
      else if (shuffle !== null) this.#kept.set(shuffle, { stage, users: 1, released: false });
    }
    return query;
  }

  #register({ plan, program }: LineageStage, query: StagedQuery, producers: readonly Stage[]): Stage {
    return this.#stages.register({ plan, bytes: program.bytes, query, producers, program });
  }

  release(query: StagedQuery): void {
    const own = query.stages.filter((stage) => stage.plan.output.type !== 'shuffle');
    this.#stages.forget(own);
    const named = new Set(query.stages);
    for (const [shuffle, kept] of this.#kept) {
      if (!named.has(kept.stage)) continue;
      kept.users--;
      this.#freeIfUnused(shuffle, kept);
    }
  }

  /** No RDD refers to these shuffles any more. */
  forget(shuffles: readonly number[]): void {
    for (const shuffle of shuffles) {
      const kept = this.#kept.get(shuffle);
      if (kept === undefined) continue;
      kept.released = true;
      this.#freeIfUnused(shuffle, kept);
    }
  }

  #freeIfUnused(shuffle: number, kept: Kept): void {
    if (kept.users > 0 || !kept.released) return;
    this.#kept.delete(shuffle);
    this.#free([kept.stage]);
    this.#stages.forget([kept.stage]);
  }
}
