import type { Clock, ExecutorId, ShuffleId } from '@kiln/base';
import type { SchedulerBackend } from '@kiln/contracts/executor';
import type { EngineSettings, Logger } from '@kiln/contracts/plugin';
import type { MapOutputTracker, RegisteredMapOutput } from '@kiln/contracts/shuffle';
import type { Executors } from './executors.ts';
import type { LiveTasks } from './live-tasks.ts';
import { announced } from './task-launcher.ts';

export interface DecommissionParts {
  readonly tracker: MapOutputTracker;
  readonly backend: SchedulerBackend;
  readonly executors: Executors;
  readonly live: LiveTasks;
  readonly settings: EngineSettings;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Spark's `spark.storage.decommission.maxReplicationFailuresPerBlock`. */
const mostFailures = 3;
/** Outputs that one call copies: between calls others may need the connection. */
const outputsPerCopy = 64;

/** Executors that leave: they finish what runs, give their map outputs to others, and may go then. */
export class Decommissions {
  readonly #parts: DecommissionParts;
  readonly #leaving = new Set<ExecutorId>();
  #nextPeer = 0;

  constructor(parts: DecommissionParts) {
    this.#parts = parts;
  }

  has(id: ExecutorId): boolean {
    return this.#leaving.has(id);
  }

  forget(id: ExecutorId): void {
    this.#leaving.delete(id);
  }

  /** Resolves when it may go: it runs nothing and holds nothing that others could take, or its time is over. Never rejects. */
  async leave(id: ExecutorId): Promise<void> {
    this.#leaving.add(id);
    const { clock, settings, live } = this.#parts;
    const patience = settings.get('spark.executor.decommission.forceKillTimeout');
    const timeout = Promise.withResolvers<void>();
    const cancel = patience === undefined ? () => {} : clock.after(patience, timeout.resolve);
    const orderly = async () => {
      // What it has now moves while its last tasks run; what they leave moves after them.
      await this.#giveAway(id);
      await live.idle(id);
      await this.#giveAway(id);
    };
    await Promise.race([orderly(), timeout.promise]);
    cancel();
  }

  async #giveAway(id: ExecutorId): Promise<void> {
    const { settings, tracker, backend, logger } = this.#parts;
    const isOn =
      settings.get('spark.storage.decommission.enabled') &&
      settings.get('spark.storage.decommission.shuffleBlocks.enabled');
    if (!isOn || backend.copyMapOutputs === undefined) return;
    for (const shuffle of tracker.shuffles) {
      const mine = tracker.outputs(shuffle).filter((output) => output !== undefined && isHeldBy(output, id));
      for (let at = 0; at < mine.length; at += outputsPerCopy) {
        const batch = mine.slice(at, at + outputsPerCopy).filter((output) => output !== undefined);
        const isMoved = await this.#move(id, shuffle, batch);
        if (!isMoved)
          logger.warn(
            { executor: id, shuffle, outputs: batch.length },
            'map outputs could not be moved; they will be made again',
          );
      }
    }
  }

  /** Each failure chooses another executor. */
  async #move(id: ExecutorId, shuffle: ShuffleId, outputs: readonly RegisteredMapOutput[]): Promise<boolean> {
    const { backend, tracker, executors, logger } = this.#parts;
    for (let failures = 0; failures < mostFailures; failures++) {
      const peer = this.#peer();
      if (peer === undefined) return false;
      try {
        const locations = outputs.map(announced);
        const copied = await backend.copyMapOutputs?.(peer, shuffle, locations);
        for (const { map, uri } of copied ?? []) tracker.relocate(shuffle, map, id, executors.locationOf(peer), uri);
        return true;
      } catch (error) {
        logger.warn({ executor: id, peer, shuffle, error }, 'map outputs could not be copied');
      }
    }
    return false;
  }

  #peer(): ExecutorId | undefined {
    const peers = this.#parts.executors.all.filter(({ executorId }) => !this.#leaving.has(executorId));
    return peers[this.#nextPeer++ % Math.max(1, peers.length)]?.executorId;
  }
}

function isHeldBy({ location }: RegisteredMapOutput, id: ExecutorId): boolean {
  return location.executor === id && !location.isServed;
}
