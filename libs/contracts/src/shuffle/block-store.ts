/**
 * Where map outputs live, picked by URI scheme. `memory:` and `file:` are native; a store contributed here is called in
 * large blocks (one per map output and reduce partition range).
 *
 * Plane: data. Process: executor. Crossed once per map output written and once per (map, reducer) read.
 */
export interface BlockStore {
  put(key: BlockKey, block: Uint8Array): Promise<void>;
  /** `null`: lost; the reader reports a fetch failure. */
  get(key: BlockKey): Promise<Uint8Array | null>;
  removeShuffle(shuffleId: number): Promise<void>;
}

export interface BlockKey {
  readonly shuffleId: number;
  readonly map: number;
  readonly attempt: number;
  readonly reduce: number;
}

export interface BlockStoreProvider {
  /** Without the colon: `memory`, `redis`. */
  readonly scheme: string;
  readonly store: BlockStore;
}
