import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** Of this handshake; another one is refused. */
export const handshakeProtocol = 1;
export const nonceBytes = 32;

export interface Challenge {
  readonly identity: string;
  readonly clientNonce: Uint8Array;
  readonly serverNonce: Uint8Array;
}

/** A new secret: 256 random bits as base64 (Spark's `spark.authenticate.secretBitLength`). */
export function newSecret(): string {
  return randomBytes(32).toString('base64');
}

export function newNonce(): Uint8Array {
  return randomBytes(nonceBytes);
}

/**
 * What only somebody who knows the secret can say about a challenge. The role is in it so that a proof cannot be sent back to whom it
 * came from; lengths are in it so that no two challenges read the same.
 */
export function proofOf(secret: string, role: 'client' | 'server', challenge: Challenge): Uint8Array {
  const hmac = createHmac('sha256', secret);
  for (const part of [`kiln rpc ${handshakeProtocol} ${role}`, challenge.identity, ...nonces(challenge)]) {
    const bytes = Buffer.from(part);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hmac.update(length).update(bytes);
  }
  return hmac.digest();
}

/** In the same time whether the first or the last byte differs. */
export function isSameProof(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

function nonces({ clientNonce, serverNonce }: Challenge): readonly Uint8Array[] {
  return [clientNonce, serverNonce];
}
