import { EngineSettings, inject, injectable } from '@kiln/contracts/plugin';
import { type PoolSpec, PoolSpecs, type SchedulingPolicy, type TaskSetView } from '@kiln/contracts/task-scheduler';
import { FairSchedulingPolicy } from './fair-scheduling-policy.ts';
import { FifoSchedulingPolicy } from './fifo-scheduling-policy.ts';

/** As `spark.scheduler.mode` says. */
@injectable()
export class DefaultSchedulingPolicy implements SchedulingPolicy {
  readonly #policy: SchedulingPolicy;

  constructor(@inject(EngineSettings) settings: EngineSettings, @inject(PoolSpecs) pools: readonly PoolSpec[]) {
    const isFair = settings.get('spark.scheduler.mode') === 'FAIR';
    this.#policy = isFair ? new FairSchedulingPolicy(pools) : new FifoSchedulingPolicy();
  }

  get name(): string {
    return this.#policy.name;
  }

  get stable(): boolean {
    return this.#policy.stable ?? false;
  }

  order(sets: readonly TaskSetView[]): readonly TaskSetView[] {
    return this.#policy.order(sets);
  }
}
