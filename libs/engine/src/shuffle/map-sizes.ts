/** Reduce partitions beyond which sizes are kept to 10 % only, one byte each. */
const mostExact = 2_000;
/** Sizes from here on are exact in any case, since they decide about skew (Spark's `spark.shuffle.accurateBlockThreshold`). */
const accurateFrom = 100 * 1024 * 1024;
const base = 1.1;
const scale = 1 / Math.log(base);
const decoded = Float64Array.from({ length: 256 }, (_, code) => (code === 0 ? 0 : base ** code));

/**
 * Bytes of one map output for each reduce partition, in little memory: 10,000 maps of 10,000 partitions are 100 MB. The code of a size is Spark's
 * (`MapStatus.compressSize`): rounded up to a power of 1.1, 0 only for nothing.
 */
export class MapSizes {
  readonly #sizes: Uint8Array | Uint32Array | Float64Array;
  readonly #accurate: ReadonlyMap<number, number>;

  constructor(bytes: readonly number[]) {
    const accurate = new Map<number, number>();
    if (bytes.length <= mostExact) {
      this.#sizes = bytes.every((size) => size <= 0xffffffff) ? Uint32Array.from(bytes) : Float64Array.from(bytes);
    } else {
      const codes = new Uint8Array(bytes.length);
      for (let partition = 0; partition < bytes.length; partition++) {
        const size = bytes[partition] ?? 0;
        codes[partition] = encodeSize(size);
        if (size >= accurateFrom) accurate.set(partition, size);
      }
      this.#sizes = codes;
    }
    this.#accurate = accurate;
  }

  get length(): number {
    return this.#sizes.length;
  }

  /** Adds them, `sign` times, to sums over maps. */
  addTo(sums: Float64Array, sign: 1 | -1): void {
    const sizes = this.#sizes;
    if (!(sizes instanceof Uint8Array)) {
      for (let at = 0; at < sizes.length; at++) sums[at] = Math.max(0, (sums[at] ?? 0) + sign * (sizes[at] ?? 0));
      return;
    }
    for (let at = 0; at < sizes.length; at++) {
      const size = this.#accurate.get(at) ?? decoded[sizes[at] ?? 0] ?? 0;
      sums[at] = Math.max(0, (sums[at] ?? 0) + sign * size);
    }
  }
}

export function encodeSize(size: number): number {
  if (size <= 0) return 0;
  return size <= 1 ? 1 : Math.min(255, Math.ceil(Math.log(size) * scale));
}
