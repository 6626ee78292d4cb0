import type { ExecutorId, ShuffleId } from '@kiln/base';
import type { MapStatus } from '../executor/boundary.ts';
import type { StagePlan } from '../planner/boundary.ts';
import { token } from '../plugin/token.ts';

/**
 * Chooses how a shuffle is written and where its blocks live. Bytes never pass through it.
 *
 * Plane: control. Process: driver, control thread. `writer` is called once per executor and per map stage.
 */
export interface ShuffleManager {
  /** Default: `memory:` (evicted to files), or `file:` when `kiln.shuffle.forceFile` is set. */
  writer(stage: StagePlan | null): ShuffleWriterChoice;
}
export const ShuffleManager = token<ShuffleManager>('shuffle.manager');

export interface ShuffleWriterChoice {
  /** URI scheme of the block store with its colon: `memory:`, `file:` or a contributed one. */
  readonly blockStore: string;
  readonly compression: 'lz4' | 'zstd' | 'none';
}

/**
 * Which executor holds which map output. The DAG scheduler asks it what is missing; executors ask it for locations.
 *
 * Plane: control. Process: driver, control thread. Crossed once per map task and once per (shuffle, epoch, executor).
 */
export interface MapOutputTracker {
  /** Before the shuffle's first map task runs. Again with the same number of maps it does nothing. */
  registerShuffle(shuffle: ShuffleId, maps: number): void;
  /** The first committed attempt of a map wins: `false` when there is one already. */
  register(shuffle: ShuffleId, map: number, executor: ExecutorId, status: MapStatus): boolean;
  /** Forgets lost outputs. One that was made again elsewhere in the meantime stays. */
  unregister(lost: LostOutputs): void;
  remove(shuffle: ShuffleId): void;
  /** Map partitions without an output; `undefined` when the shuffle is not known. */
  missing(shuffle: ShuffleId): readonly number[] | undefined;
  outputs(shuffle: ShuffleId): readonly (RegisteredMapOutput | undefined)[];
  /** Raised whenever an output is lost. */
  readonly epoch: number;
  readonly shuffles: readonly ShuffleId[];
}
export const MapOutputTracker = token<MapOutputTracker>('shuffle.mapOutputTracker');

/** Which outputs are lost; `null`: whichever. */
export interface LostOutputs {
  readonly executorId: ExecutorId | null;
  readonly shuffleId: ShuffleId | null;
  readonly map: number | null;
}

export interface RegisteredMapOutput {
  readonly map: number;
  readonly executor: ExecutorId;
  readonly status: MapStatus;
}
