import type { Http2Session } from 'node:http2';
import { type ContextKey, createContextKey } from '@connectrpc/connect';

/** Who is at the other end of a connection that was accepted. */
export interface Peer {
  /** For logs: address and port. */
  readonly address: string;
  /** Whose secret it has proved to know. */
  readonly identity: string;
  /** Aborted when the connection is closed. */
  readonly closed: AbortSignal;
  /** Cuts the connection. */
  disconnect(): void;
}

/** In the context of every call that a served connection makes. */
export const peerKey: ContextKey<Peer | undefined> = createContextKey<Peer | undefined>(undefined, {
  description: 'peer',
});

export function addressOf(session: Http2Session): string {
  const { remoteAddress, remotePort } = session.socket ?? {};
  return `${remoteAddress ?? 'unknown'}:${remotePort ?? 0}`;
}
