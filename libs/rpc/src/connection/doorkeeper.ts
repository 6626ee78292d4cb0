import type { Http2Session } from 'node:http2';
import { Code, ConnectError } from '@connectrpc/connect';
import type { Logger } from '@kiln/contracts/plugin';
import type { ChallengeRequest, ProveRequest } from '../generated/kiln/rpc/v1/auth_pb.ts';
import { keepAlive } from './keep-alive.ts';
import type { RpcLimits } from './limits.ts';
import { addressOf, type Peer } from './peer.ts';
import { type Challenge, handshakeProtocol, isSameProof, newNonce, newSecret, nonceBytes, proofOf } from './proof.ts';

interface Guest {
  readonly address: string;
  readonly closed: AbortController;
  /** Given once; a second question ends the connection. */
  challenge: Challenge | undefined;
  peer: Peer | undefined;
  timer: NodeJS.Timeout;
}

/** The server's side of the handshake: nobody but AuthService answers a connection that has not proved its secret. */
export class Doorkeeper {
  readonly #guests = new Map<Http2Session, Guest>();
  readonly #secretOf: (identity: string) => string | undefined;
  readonly #limits: RpcLimits;
  readonly #logger: Logger;
  #strangers = 0;

  constructor(secretOf: (identity: string) => string | undefined, limits: RpcLimits, logger: Logger) {
    this.#secretOf = secretOf;
    this.#limits = limits;
    this.#logger = logger;
  }

  /** A new connection. */
  admit(session: Http2Session): void {
    if (this.#strangers >= this.#limits.maxStrangers) {
      this.#logger.warn({ peer: addressOf(session) }, 'refused: too many connections that prove no secret');
      session.destroy();
      return;
    }
    this.#strangers++;
    const guest: Guest = {
      address: addressOf(session),
      closed: new AbortController(),
      challenge: undefined,
      peer: undefined,
      timer: setTimeout(() => session.destroy(), this.#limits.handshakeMillis),
    };
    guest.timer.unref();
    this.#guests.set(session, guest);
    const stopPings = keepAlive(session, this.#limits.silenceMillis);
    session.once('close', () => {
      stopPings();
      this.#left(session, guest);
    });
  }

  peerOf(session: Http2Session | undefined): Peer | undefined {
    return session && this.#guests.get(session)?.peer;
  }

  challenge(session: Http2Session, { identity, clientNonce, protocol }: ChallengeRequest) {
    const guest = this.#guestOf(session);
    if (protocol !== handshakeProtocol)
      throw this.#refuse(session, `handshake version ${protocol}, this Kiln has ${handshakeProtocol}`);
    if (guest.challenge !== undefined || clientNonce.length !== nonceBytes)
      throw this.#refuse(session, 'not a handshake of Kiln');
    const challenge: Challenge = { identity, clientNonce, serverNonce: newNonce() };
    guest.challenge = challenge;
    const serverProof = proofOf(this.#secret(identity), 'server', challenge);
    return { serverNonce: challenge.serverNonce, serverProof };
  }

  prove(session: Http2Session, { clientProof }: ProveRequest) {
    const guest = this.#guestOf(session);
    const { challenge } = guest;
    if (challenge === undefined || guest.peer !== undefined) throw this.#refuse(session, 'not a handshake of Kiln');
    if (!isSameProof(clientProof, proofOf(this.#secret(challenge.identity), 'client', challenge)))
      throw this.#refuse(session, `wrong secret for '${challenge.identity}'`);
    clearTimeout(guest.timer);
    this.#strangers--;
    guest.peer = {
      address: guest.address,
      identity: challenge.identity,
      closed: guest.closed.signal,
      disconnect: () => session.destroy(),
    };
    return {};
  }

  /** An identity that is not known is answered like a wrong secret. */
  #secret(identity: string): string {
    return this.#secretOf(identity) ?? newSecret();
  }

  #guestOf(session: Http2Session): Guest {
    const guest = this.#guests.get(session);
    if (guest === undefined) throw new ConnectError('the connection is closed', Code.Aborted);
    return guest;
  }

  #refuse(session: Http2Session, reason: string): ConnectError {
    const guest = this.#guests.get(session);
    this.#logger.warn({ peer: guest?.address, reason }, 'a connection was refused');
    // After the answer.
    const timer = setTimeout(() => session.destroy(), 100);
    timer.unref();
    return new ConnectError(reason, Code.Unauthenticated);
  }

  #left(session: Http2Session, guest: Guest): void {
    clearTimeout(guest.timer);
    this.#guests.delete(session);
    if (guest.peer === undefined) {
      this.#strangers--;
      const identity = guest.challenge?.identity;
      // Whoever finds that the server's secret is another one leaves without a word.
      const reason = identity === undefined ? 'it did not say who it is' : `it proved no secret for '${identity}'`;
      this.#logger.warn({ peer: guest.address, reason }, 'a connection was not accepted');
    }
    guest.closed.abort();
  }
}
