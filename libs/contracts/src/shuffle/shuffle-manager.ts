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
 * Which executor holds which map output, and how large they are. The DAG scheduler asks it what is missing; executors are told locations.
 *
 * Plane: control. Process: driver, control thread. Crossed once per map task and a few times per stage and executor.
 */
export interface MapOutputTracker {
  /** Before the shuffle's first map task runs. Again with the same number of maps it does nothing. */
  registerShuffle(shuffle: ShuffleId, maps: number): void;
  /** The first committed attempt of a map wins. */
  register(shuffle: ShuffleId, map: number, location: OutputLocation, status: MapStatus): Registration;
  /** Forgets lost outputs. One that was made again elsewhere in the meantime stays. */
  unregister(lost: LostOutputs): void;
  /** The bytes of an output were copied: `false` when it is not at `from` any more. */
  relocate(shuffle: ShuffleId, map: number, from: ExecutorId, to: OutputLocation, uri: string): boolean;
  remove(shuffle: ShuffleId): void;
  /** Map partitions without an output; `undefined` when the shuffle is not known. */
  missing(shuffle: ShuffleId): readonly number[] | undefined;
  outputs(shuffle: ShuffleId): readonly (RegisteredMapOutput | undefined)[];
  /** Bytes per reduce partition over all maps, once they are all there; exact. Empty when nothing is registered. */
  partitionBytes(shuffle: ShuffleId): Readonly<Float64Array>;
  /** Bytes per reduce partition on each host; to 10 % where a shuffle has very many partitions. */
  bytesByHost(shuffle: ShuffleId): ReadonlyMap<string, Readonly<Float64Array>>;
  /** Raised whenever an output is lost or moves. */
  readonly epoch: number;
  /** The epoch at which a location of this shuffle changed last: who knows its outputs of then needs no new ones. */
  epochOf(shuffle: ShuffleId): number;
  readonly shuffles: readonly ShuffleId[];
}
export const MapOutputTracker = token<MapOutputTracker>('shuffle.mapOutputTracker');

/** Where a map output is. */
export interface OutputLocation {
  readonly executor: ExecutorId;
  readonly host: string;
  /** Where its bytes are served; empty: in this process, or in a store that all reach. */
  readonly address: string;
  /** It outlives its executor: a shuffle service serves it. */
  readonly isServed: boolean;
}

/**
 * - `first`: the first output of this map;
 * - `same-rows`, `other-rows`: it was lost and is made again; its checksum is that of the lost one, or another;
 * - `ignored`: there is one already, or nobody knows the shuffle.
 */
export type Registration = 'first' | 'same-rows' | 'other-rows' | 'ignored';

/** Which outputs are lost; `null`: whichever. */
export interface LostOutputs {
  readonly executorId: ExecutorId | null;
  readonly host: string | null;
  readonly shuffleId: ShuffleId | null;
  readonly map: number | null;
  /** Also those that outlive their executor. */
  readonly includesServed: boolean;
}

export interface RegisteredMapOutput {
  readonly map: number;
  readonly location: OutputLocation;
  readonly uri: string;
  /** `MapStatus.keys`. */
  readonly keys: readonly string[];
  readonly bytes: number;
  readonly rows: number;
}
