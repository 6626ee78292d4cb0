import { type ExecutorId, KilnError, type ShuffleId } from '@kiln/base';
import type { MapStatus } from '@kiln/contracts/executor';
import { injectable } from '@kiln/contracts/plugin';
import type {
  LostOutputs,
  MapOutputTracker,
  OutputLocation,
  RegisteredMapOutput,
  Registration,
} from '@kiln/contracts/shuffle';
import { ShuffleOutputs } from './shuffle-outputs.ts';

const nothing = new Float64Array();

/** Keeps the locations and sizes of map outputs in the driver's memory. */
@injectable()
export class DefaultMapOutputTracker implements MapOutputTracker {
  readonly #shuffles = new Map<ShuffleId, ShuffleOutputs>();
  #epoch = 0;

  get epoch(): number {
    return this.#epoch;
  }

  epochOf(id: ShuffleId): number {
    return this.#shuffles.get(id)?.epoch ?? this.#epoch;
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
    this.#shuffles.set(id, new ShuffleOutputs(maps, this.#epoch));
  }

  register(id: ShuffleId, map: number, location: OutputLocation, status: MapStatus): Registration {
    return this.#shuffles.get(id)?.register(map, location, status) ?? 'ignored';
  }

  unregister(lost: LostOutputs): void {
    const chosen = lost.shuffleId === null ? [...this.#shuffles.values()] : [this.#shuffles.get(lost.shuffleId)];
    const changed = chosen.filter(
      (shuffle) => shuffle !== undefined && shuffle.present > 0 && shuffle.forget(lost) > 0,
    );
    if (changed.length > 0) this.#epoch++;
    for (const shuffle of changed) if (shuffle !== undefined) shuffle.epoch = this.#epoch;
  }

  relocate(id: ShuffleId, map: number, from: ExecutorId, to: OutputLocation, uri: string): boolean {
    const shuffle = this.#shuffles.get(id);
    if (shuffle?.outputs[map]?.location.executor !== from) return false;
    shuffle.relocate(map, to, uri);
    shuffle.epoch = ++this.#epoch;
    return true;
  }

  remove(id: ShuffleId): void {
    const shuffle = this.#shuffles.get(id);
    if (shuffle === undefined) return;
    // The same shuffle may be made again: nobody may take its old locations for new ones.
    if (shuffle.present > 0) this.#epoch++;
    this.#shuffles.delete(id);
  }

  missing(id: ShuffleId): readonly number[] | undefined {
    return this.#shuffles.get(id)?.missing;
  }

  outputs(id: ShuffleId): readonly (RegisteredMapOutput | undefined)[] {
    return this.#shuffles.get(id)?.outputs ?? [];
  }

  partitionBytes(id: ShuffleId): Float64Array {
    return this.#shuffles.get(id)?.bytes ?? nothing;
  }

  bytesByHost(id: ShuffleId): ReadonlyMap<string, Float64Array> {
    return this.#shuffles.get(id)?.bytesByHost() ?? new Map();
  }
}
