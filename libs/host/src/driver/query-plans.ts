import type { Planner, Query } from '@kiln/contracts/planner';
import type { StagedQuery, StageRegistry } from './stages.ts';

interface Kept {
  readonly dataFrameId: number;
  readonly query: Promise<StagedQuery>;
}

/**
 * Planned queries. One that a DataFrame asked for is kept under the DataFrame's id until that is released, so that its next action
 * finds the same stages; actions at the same time share one planning. `free` is told of a query that nobody uses or will ask for again.
 */
export class QueryPlans {
  readonly #planner: Planner;
  readonly #stages: StageRegistry;
  readonly #free: (query: StagedQuery) => void;
  readonly #kept = new Map<string, Kept>();
  readonly #keptQueries = new Set<StagedQuery>();
  readonly #users = new Map<StagedQuery, number>();

  constructor(planner: Planner, stages: StageRegistry, free: (query: StagedQuery) => void) {
    this.#planner = planner;
    this.#stages = stages;
    this.#free = free;
  }

  /** Whoever gets a query gives it back by {@link release}. `dataFrameId` null: nobody will ask again. */
  async acquire(asked: Query, dataFrameId: number | null): Promise<StagedQuery> {
    const query = await (dataFrameId === null ? this.#plan(asked) : this.#find(asked, dataFrameId));
    this.#users.set(query, (this.#users.get(query) ?? 0) + 1);
    return query;
  }

  release(query: StagedQuery): void {
    const users = (this.#users.get(query) ?? 1) - 1;
    if (users > 0) this.#users.set(query, users);
    else this.#users.delete(query);
    this.#freeIfUnused(query);
  }

  /** The DataFrame is gone. */
  async forget(dataFrameId: number): Promise<void> {
    const forgotten = [...this.#kept].filter(([, kept]) => kept.dataFrameId === dataFrameId);
    for (const [key] of forgotten) this.#kept.delete(key);
    for (const [, kept] of forgotten) {
      const query = await kept.query.catch(() => undefined);
      if (query === undefined) continue;
      this.#keptQueries.delete(query);
      this.#freeIfUnused(query);
    }
  }

  #find(asked: Query, dataFrameId: number): Promise<StagedQuery> {
    const key = `${dataFrameId}/${asked.action}`;
    const known = this.#kept.get(key);
    if (known !== undefined) return known.query;
    const kept: Kept = { dataFrameId, query: this.#plan(asked) };
    this.#kept.set(key, kept);
    kept.query.then(
      (query) => {
        if (this.#kept.get(key) === kept) this.#keptQueries.add(query);
      },
      () => {
        if (this.#kept.get(key) === kept) this.#kept.delete(key);
      },
    );
    return kept.query;
  }

  async #plan(asked: Query): Promise<StagedQuery> {
    return this.#stages.add(await this.#planner.plan(asked), asked);
  }

  #freeIfUnused(query: StagedQuery): void {
    if (this.#users.has(query) || this.#keptQueries.has(query)) return;
    this.#stages.forget(query.stages);
    this.#free(query);
  }
}
