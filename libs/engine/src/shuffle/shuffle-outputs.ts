import type { MapStatus } from '@kiln/contracts/executor';
import type { LostOutputs, OutputLocation, RegisteredMapOutput, Registration } from '@kiln/contracts/shuffle';
import { MapSizes } from './map-sizes.ts';

/** What is kept of an output beyond where it is; also of one that is lost, until it is made again. */
interface Content {
  readonly sizes: MapSizes;
  readonly checksum: string;
}

const noSizes = new Float64Array();

/** The outputs of one shuffle, and how many bytes they have for each reduce partition. */
export class ShuffleOutputs {
  readonly outputs: (RegisteredMapOutput | undefined)[];
  readonly #contents: (Content | undefined)[];
  /** Invariant: sums over the outputs that are there and those that were there and are lost. */
  #bytes = noSizes;
  #present = 0;
  /** Computed when asked for; `null` after a change. */
  #missing: readonly number[] | null = null;
  /** The tracker's epoch when a location changed last. */
  epoch: number;

  constructor(maps: number, epoch: number) {
    this.outputs = new Array(maps).fill(undefined);
    this.#contents = new Array(maps).fill(undefined);
    this.epoch = epoch;
  }

  get present(): number {
    return this.#present;
  }

  get bytes(): Float64Array {
    return this.#bytes;
  }

  get missing(): readonly number[] {
    this.#missing ??=
      this.#present === this.outputs.length
        ? []
        : this.outputs.flatMap((output, map) => (output === undefined ? [map] : []));
    return this.#missing;
  }

  register(map: number, location: OutputLocation, status: MapStatus): Registration {
    if (map >= this.outputs.length || this.outputs[map] !== undefined) return 'ignored';
    const { uri, keys } = status;
    this.outputs[map] = { map, location, uri, keys, bytes: sum(status.bytes), rows: sum(status.rows) };
    this.#present++;
    this.#missing = null;
    return this.#count(map, status);
  }

  relocate(map: number, location: OutputLocation, uri: string): void {
    const output = this.outputs[map];
    if (output !== undefined) this.outputs[map] = { ...output, location, uri };
  }

  /** How many are gone. */
  forget(lost: LostOutputs): number {
    let removed = 0;
    for (const map of lost.map === null ? this.outputs.keys() : [lost.map]) {
      const output = this.outputs[map];
      if (output === undefined || !isLost(output.location, lost)) continue;
      this.outputs[map] = undefined;
      removed++;
    }
    this.#present -= removed;
    if (removed > 0) this.#missing = null;
    if (lost.executorId === null && lost.host === null && lost.map === null) this.#startAnew();
    return removed;
  }

  bytesByHost(): ReadonlyMap<string, Float64Array> {
    const hosts = new Map<string, Float64Array>();
    for (const [map, output] of this.outputs.entries()) {
      if (output === undefined) continue;
      const { host } = output.location;
      const sums = hosts.get(host) ?? new Float64Array(this.#bytes.length);
      hosts.set(host, sums);
      this.#contents[map]?.sizes.addTo(sums, 1);
    }
    return hosts;
  }

  /**
   * The sums stay exact though sizes are not: an output that is made again with the same rows is in them already. Only that of other
   * rows takes the place of an approximation.
   */
  #count(map: number, status: MapStatus): Registration {
    const { checksum } = status;
    const before = this.#contents[map];
    const isSame = before !== undefined && before.checksum === checksum && checksum !== '';
    if (isSame) return 'same-rows';
    this.#grow(status.bytes.length);
    before?.sizes.addTo(this.#bytes, -1);
    for (const [partition, bytes] of status.bytes.entries())
      this.#bytes[partition] = (this.#bytes[partition] ?? 0) + bytes;
    this.#contents[map] = { sizes: new MapSizes(status.bytes), checksum };
    if (before === undefined) return 'first';
    return before.checksum === '' || checksum === '' ? 'same-rows' : 'other-rows';
  }

  /** All that was made is void: what comes now is first again, with sums of its own. */
  #startAnew(): void {
    this.#contents.fill(undefined);
    this.#bytes = noSizes;
  }

  #grow(partitions: number): void {
    if (partitions <= this.#bytes.length) return;
    const larger = new Float64Array(partitions);
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

function isLost(location: OutputLocation, lost: LostOutputs): boolean {
  if (lost.executorId !== null && location.executor !== lost.executorId) return false;
  if (lost.host !== null && location.host !== lost.host) return false;
  return lost.includesServed || !location.isServed;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
