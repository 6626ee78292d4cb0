/**
 * Serves the blocks and blobs of this process and fetches those of others: everything that is too large for a message.
 *
 * Plane: data. Process: driver and executors. Crossed once per blob; blocks of shuffles never pass through it.
 */
export interface BlockTransport {
  /** `host:port` that others use. */
  readonly address: string;
  putBlob(id: string, bytes: Uint8Array): void;
  removeBlob(id: string): void;
  /** Errors: KILN_FETCH_*; the cause says whether the disk, the network or nothing at all was there. */
  fetchBlob(address: string, id: string): Promise<Uint8Array>;
  /** The process there has ended for good: what waits for it fails at once. */
  peerGone(address: string): void;
  /** JSON: blobs, bytes, connections, requests, bytes sent and received. */
  usage(): string;
  close(): Promise<void>;
}
