import { type ExecutorId, KilnError, type ShuffleId } from '@kiln/base';
import type { MapStatus } from '@kiln/contracts/executor';
import { injectable } from '@kiln/contracts/plugin';
import type { LostOutputs, MapOutputTracker, RegisteredMapOutput } from '@kiln/contracts/shuffle';

interface Shuffle {
  outputs: (RegisteredMapOutput | undefined)[];
  /** Invariant: how many of `outputs` are there. */
  present: number;
  /** Computed when asked for; `null` after a change. */
  missing: readonly number[] | null;
}

/** Keeps the locations of map outputs in the driver's memory. */
@injectable()
export class DefaultMapOutputTracker implements MapOutputTracker {
  readonly #shuffles = new Map<ShuffleId, Shuffle>();
  #epoch = 0;

  get epoch(): number {
    return this.#epoch;
  }

  get shuffles(): readonly ShuffleId[] {
    return [...this.#shuffles.keys()];
  }

  registerShuffle(id: ShuffleId, maps: number): void {
    const known = this.#shuffles.get(id);
    if (known?.outputs.length === maps) return;
    if (known !== undefined && known.present > 0) {
      throw new KilnError(
        'KILN_SHUFFLE_MAPS',
        `Shuffle ${id} has ${known.present} outputs of ${known.outputs.length} maps and cannot have ${maps} maps now`,
        { concerns: { shuffle: String(id) } },
      );
    }
    this.#shuffles.set(id, { outputs: new Array(maps).fill(undefined), present: 0, missing: null });
  }

  register(id: ShuffleId, map: number, executor: ExecutorId, status: MapStatus): boolean {
    const shuffle = this.#shuffles.get(id);
    if (shuffle === undefined || map >= shuffle.outputs.length || shuffle.outputs[map] !== undefined) return false;
    shuffle.outputs[map] = { map, executor, status };
    shuffle.present++;
    shuffle.missing = null;
    return true;
  }

  unregister(lost: LostOutputs): void {
    const chosen = lost.shuffleId === null ? [...this.#shuffles.values()] : [this.#shuffles.get(lost.shuffleId)];
    let removed = 0;
    for (const shuffle of chosen) if (shuffle !== undefined && shuffle.present > 0) removed += forget(shuffle, lost);
    if (removed > 0) this.#epoch++;
  }

  remove(id: ShuffleId): void {
    const shuffle = this.#shuffles.get(id);
    if (shuffle === undefined) return;
    // The same shuffle may be made again: nobody may take its old locations for new ones.
    if (shuffle.present > 0) this.#epoch++;
    this.#shuffles.delete(id);
  }

  missing(id: ShuffleId): readonly number[] | undefined {
    const shuffle = this.#shuffles.get(id);
    if (shuffle === undefined) return undefined;
    shuffle.missing ??=
      shuffle.present === shuffle.outputs.length
        ? []
        : shuffle.outputs.flatMap((output, map) => (output === undefined ? [map] : []));
    return shuffle.missing;
  }

  outputs(id: ShuffleId): readonly (RegisteredMapOutput | undefined)[] {
    return this.#shuffles.get(id)?.outputs ?? [];
  }
}

function forget(shuffle: Shuffle, lost: LostOutputs): number {
  let removed = 0;
  const maps = lost.map === null ? shuffle.outputs.keys() : [lost.map];
  for (const map of maps) {
    const output = shuffle.outputs[map];
    if (output === undefined || (lost.executorId !== null && output.executor !== lost.executorId)) continue;
    shuffle.outputs[map] = undefined;
    removed++;
  }
  shuffle.present -= removed;
  if (removed > 0) shuffle.missing = null;
  return removed;
}
