import type { StageId } from '@kiln/base';

/** Stages that nobody knows any more whose last attempt is remembered, lest tasks of it that still end be taken for those of a new one. */
const remembered = 10_000;

/** Numbers the attempts of every stage upwards, also over jobs. */
export class AttemptCounter {
  readonly #next = new Map<StageId, number>();
  readonly #retired = new Set<StageId>();

  next(stage: StageId): number {
    const attempt = this.#next.get(stage) ?? 0;
    this.#next.set(stage, attempt + 1);
    this.#retired.delete(stage);
    return attempt;
  }

  /** The stage is not known any more; it may come back. */
  retire(stage: StageId): void {
    if (!this.#next.has(stage)) return;
    this.#retired.add(stage);
    if (this.#retired.size <= remembered) return;
    const [oldest] = this.#retired;
    if (oldest === undefined) return;
    this.#retired.delete(oldest);
    this.#next.delete(oldest);
  }
}
