import type { BlockTransport } from '@kiln/contracts/executor';
import { BlobSchema, create, type Payload, PayloadSchema } from '@kiln/rpc/executor';

/** What is larger travels beside the messages. */
export const inlineBytes = 64 * 1024;

/** Bytes that belong to a message: in it when they are few, else a blob that the other side fetches. */
export class Payloads {
  readonly #transport: BlockTransport | null;
  /** Blobs of this process that somebody may still fetch. */
  readonly #kept = new Set<string>();

  /** `null`: everything goes in messages. */
  constructor(transport: BlockTransport | null) {
    this.#transport = transport;
  }

  get address(): string {
    return this.#transport?.address ?? '';
  }

  /** The same id stands for the same bytes: they are kept once, until {@link drop}. */
  pack(id: string, bytes: Uint8Array, maxInline: number = inlineBytes): Payload {
    if (bytes.byteLength <= maxInline || this.#transport === null)
      return create(PayloadSchema, { from: { case: 'inline', value: bytes } });
    if (!this.#kept.has(id)) {
      this.#kept.add(id);
      this.#transport.putBlob(id, bytes);
    }
    const value = create(BlobSchema, { address: this.#transport.address, id, bytes: BigInt(bytes.byteLength) });
    return create(PayloadSchema, { from: { case: 'blob', value } });
  }

  drop(id: string): void {
    if (this.#kept.delete(id)) this.#transport?.removeBlob(id);
  }

  peerGone(address: string): void {
    this.#transport?.peerGone(address);
  }

  /** At once when they are in the message. Errors: KILN_FETCH_*. */
  unpack(payload: Payload | undefined): Uint8Array | Promise<Uint8Array> {
    const from = payload?.from;
    if (from?.case === 'inline') return from.value;
    if (from?.case === 'blob' && this.#transport !== null)
      return this.#transport.fetchBlob(from.value.address, from.value.id);
    return new Uint8Array();
  }
}

/** About what a payload takes in a message. */
export function payloadBytes(payload: Payload | undefined): number {
  return payload?.from.case === 'inline' ? payload.from.value.byteLength : 64;
}
