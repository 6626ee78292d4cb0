import type { Clock, ExecutorId } from '@kiln/base';
import type { ClusterManager, ExecutorRequest } from '@kiln/contracts/cluster-manager';
import type { ListenerBus } from '@kiln/contracts/listener';
import type { Logger } from '@kiln/contracts/plugin';
import {
  type AllocationAction,
  type AllocationEvent,
  type AllocationOptions,
  ExecutorAllocation,
} from '@kiln/engine/cluster-manager';
import { Wakeups } from '../driver/wakeups.ts';

export interface DynamicAllocationParts {
  readonly options: AllocationOptions;
  readonly cluster: Pick<ClusterManager, 'requestTotal'>;
  /** What each request asks for beside the number. */
  readonly request: ExecutorRequest;
  readonly bus: ListenerBus;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Ends executors that nobody needs, in whatever way is set. */
  readonly release: (executors: readonly ExecutorId[]) => void;
}

/** `spark.dynamicAllocation`: hears the engine's events, asks the cluster manager for as many executors as they call for. */
export class DynamicAllocation {
  readonly #parts: DynamicAllocationParts;
  readonly #allocation: ExecutorAllocation;
  readonly #wakeups: Wakeups;
  readonly #unlisten: () => void;
  /** Requests reach the cluster manager one after the other, the last one last. */
  #asking: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(parts: DynamicAllocationParts) {
    this.#parts = parts;
    this.#allocation = new ExecutorAllocation(parts.options);
    this.#wakeups = new Wakeups(parts.clock);
    this.#unlisten = parts.bus.listen({ onEvent: (event) => this.#step(event) });
  }

  /** A task of this stage attempt can run on no executor there is. */
  executorWanted(stageId: number, stageAttempt: number): void {
    this.#step({ type: 'executor-wanted', stageId, stageAttempt });
  }

  stop(): void {
    this.#stopped = true;
    this.#unlisten();
    this.#wakeups.cancel();
  }

  #step(event: AllocationEvent): void {
    if (this.#stopped) return;
    for (const action of this.#allocation.step(event, this.#parts.clock.now())) this.#perform(action);
  }

  #perform(action: AllocationAction): void {
    const { logger, release } = this.#parts;
    switch (action.type) {
      case 'wake':
        return this.#wakeups.at('allocation', action.at, () => this.#step({ type: 'tick' }));
      case 'release':
        logger.info({ executors: action.executors }, 'idle executors are given back');
        return release(action.executors);
      case 'request-total':
        logger.info({ total: action.total }, 'the number of executors wanted changed');
        return this.#ask(action.total);
    }
  }

  #ask(total: number): void {
    const { cluster, request, logger } = this.#parts;
    this.#asking = this.#asking
      .then(() => (this.#stopped ? undefined : cluster.requestTotal({ ...request, total })))
      .catch((error) => logger.warn({ total, error }, 'the cluster manager did not take a request for executors'));
  }
}
