/** What a peer may do before it is cut off. */
export interface RpcLimits {
  /** A larger message fails its call (`spark.rpc.message.maxSize`). */
  readonly maxMessageBytes: number;
  /** Connecting and proving the secret, in milliseconds; a call that answers once takes no longer either. */
  readonly handshakeMillis: number;
  /** A peer that answers no ping for so long is gone (`spark.network.timeout`). */
  readonly silenceMillis: number;
  /** Connections of peers that have not proved anything yet; more are closed at once. */
  readonly maxStrangers: number;
}

export const defaultLimits: RpcLimits = {
  maxMessageBytes: 128 * 1024 * 1024,
  handshakeMillis: 10_000,
  silenceMillis: 120_000,
  maxStrangers: 64,
};

/** A handshake message is small, whoever sends it. */
export const maxHandshakeBytes = 4096;

/** Bytes in flight before the receiver must answer: HTTP/2's own 64 KiB make every larger message wait for a round trip. */
export const windowBytes = 4 * 1024 * 1024;

/** PEM texts. */
export interface ServerTls {
  readonly certificate: string;
  readonly key: string;
}

/** PEM text of who signed the servers' certificates. */
export interface ClientTls {
  readonly authority: string;
}
