import type { ExecutorId } from '@kiln/base';
import type { OutputLocation } from '@kiln/contracts/shuffle';

/** How others fetch the map outputs of an executor. */
export interface ServedBy {
  /** Its transport; empty: it is in this process. */
  readonly address: string;
  /** The shuffle service of its host, which goes on serving when the executor is gone; `null`: there is none. */
  readonly serviceAddress: string | null;
}

export const inThisProcess: ServedBy = { address: '', serviceAddress: null };

export interface KnownExecutor {
  readonly executorId: ExecutorId;
  readonly host: string;
  readonly slots: number;
  readonly servedBy: ServedBy;
}

/** The executors that are up. */
export class Executors {
  readonly #byId = new Map<ExecutorId, KnownExecutor>();

  get all(): readonly KnownExecutor[] {
    return [...this.#byId.values()];
  }

  get(id: ExecutorId): KnownExecutor | undefined {
    return this.#byId.get(id);
  }

  add(executor: KnownExecutor): void {
    this.#byId.set(executor.executorId, executor);
  }

  remove(id: ExecutorId): void {
    this.#byId.delete(id);
  }

  /** That one, or (`null`) all of the host. */
  named(id: ExecutorId | null, host: string): readonly ExecutorId[] {
    return id !== null
      ? [id]
      : this.all.filter((executor) => executor.host === host).map(({ executorId }) => executorId);
  }

  /** Where outputs are that it made. */
  locationOf(id: ExecutorId): OutputLocation {
    const { host = '', servedBy = null } = this.#byId.get(id) ?? {};
    const { address = '', serviceAddress = null } = servedBy ?? {};
    return { executor: id, host, address: serviceAddress ?? address, isServed: serviceAddress !== null };
  }
}
