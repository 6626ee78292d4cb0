import type { Clock, ExecutorId, StageId } from '@kiln/base';
import type { ClusterManager, ExecutorRequest } from '@kiln/contracts/cluster-manager';
import type { ListenerBus } from '@kiln/contracts/listener';
import type { EngineSettings, Logger } from '@kiln/contracts/plugin';
import { allocationOptions } from '@kiln/engine/cluster-manager';
import type { ExecutorDemands } from '../driver/driver-parts.ts';
import { DynamicAllocation } from './dynamic-allocation.ts';

export interface ElasticClusterParts {
  readonly cluster: ClusterManager;
  readonly settings: EngineSettings;
  readonly bus: ListenerBus;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Resolves when the executor may end. */
  readonly decommission: (id: ExecutorId, reason: string) => Promise<void>;
}

/** Changes the number of executors of a cluster whose executors are processes: as many as there is work, none that are of no use. */
export class ElasticCluster implements ExecutorDemands {
  /** What to ask for at the start. */
  readonly initialRequest: ExecutorRequest;
  readonly #parts: ElasticClusterParts;
  readonly #allocation: DynamicAllocation | null;
  #stopped = false;

  /** Errors: KILN_DYNAMIC_ALLOCATION. */
  constructor(parts: ElasticClusterParts) {
    const { cluster, settings } = parts;
    this.#parts = parts;
    this.initialRequest = cluster.initialRequest;
    this.#allocation = null;
    if (!settings.get('spark.dynamicAllocation.enabled')) return;
    const options = allocationOptions(settings, cluster.initialRequest.resources.cores);
    this.initialRequest = { ...cluster.initialRequest, total: options.initialExecutors };
    const release = (executors: readonly ExecutorId[]) => this.#release(executors, 'nobody needs it');
    this.#allocation = new DynamicAllocation({ ...parts, options, request: this.initialRequest, release });
  }

  wanted(stageId: StageId, stageAttempt: number, replaces: ExecutorId | null): void {
    this.#allocation?.executorWanted(stageId, stageAttempt);
    // The cluster manager starts another one in its place.
    if (replaces !== null) this.#release([replaces], 'failures exclude it from all tasks that wait');
  }

  excluded(executors: readonly ExecutorId[]): void {
    if (this.#parts.settings.get('spark.excludeOnFailure.killExcludedExecutors'))
      this.#release(executors, 'failures exclude it');
  }

  stop(): void {
    this.#stopped = true;
    this.#allocation?.stop();
  }

  /** Each ends as soon as it may: at once, unless it runs something or its map outputs move first. */
  #release(executors: readonly ExecutorId[], reason: string): void {
    const { cluster, decommission, logger } = this.#parts;
    for (const id of executors) {
      void decommission(id, reason)
        .then(() => (this.#stopped ? undefined : cluster.release([id])))
        .catch((error) => logger.warn({ executor: id, error }, 'an executor could not be released'));
    }
  }
}
