import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import type { DescService } from '@bufbuild/protobuf';
import { type Client, Code, ConnectError, createClient, type Transport } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { KilnError } from '@kiln/base';
import type { Logger } from '@kiln/contracts/plugin';
import { AuthService } from '../generated/kiln/rpc/v1/auth_pb.ts';
import { keepAlive } from './keep-alive.ts';
import { type ClientTls, defaultLimits, type RpcLimits, windowBytes } from './limits.ts';
import { handshakeProtocol, isSameProof, newNonce, nonceBytes, proofOf } from './proof.ts';

export interface ConnectOptions {
  /** Whose secret it is: an application's id, a cluster's name. */
  readonly identity: string;
  readonly secret: string;
  /** For `https:` URLs. */
  readonly tls?: ClientTls | null;
  readonly limits?: Partial<RpcLimits>;
  readonly logger: Logger;
  readonly signal?: AbortSignal;
}

/** One connection to one process. It is never opened again by itself: who uses it knows what was said on it. */
export interface RpcConnection {
  readonly url: string;
  /** Calls that answer once are limited in time; those that stream are not. */
  client<Service extends DescService>(service: Service): Client<Service>;
  /** Aborted when the connection is closed, with the error that closed it as reason. */
  readonly closed: AbortSignal;
  close(): void;
}

/**
 * Connects, and both ends prove that they know the secret. Errors: KILN_RPC_CONNECT (nobody answers there, or not in time),
 * KILN_RPC_SECRET (the secrets differ).
 */
export async function connect(url: string, options: ConnectOptions): Promise<RpcConnection> {
  const limits = { ...defaultLimits, ...options.limits };
  options.signal?.throwIfAborted();
  const session = connectHttp2(url, {
    settings: { initialWindowSize: windowBytes, enablePush: false },
    ...(options.tls ? { ca: options.tls.authority, checkServerIdentity: () => undefined } : {}),
  });
  const closed = new AbortController();
  // Without a listener an error would end the process; 'close' follows it.
  let problem: Error | undefined;
  session.on('error', (error) => {
    problem ??= error;
  });
  session.once('close', () => closed.abort(problem ?? new Error('the connection was closed')));
  const giveUp = () => session.destroy();
  options.signal?.addEventListener('abort', giveUp, { once: true });
  const timer = setTimeout(() => session.destroy(new Error('no answer in time')), limits.handshakeMillis);
  try {
    await opened(session);
    session.setLocalWindowSize(4 * windowBytes);
    const transport = transportOver(session, url, limits);
    await authenticate(createClient(AuthService, transport), url, options);
    const stopPings = keepAlive(session, limits.silenceMillis);
    closed.signal.addEventListener('abort', stopPings);
    return {
      url,
      client: (service) => createClient(service, transport),
      closed: closed.signal,
      close: () => session.destroy(),
    };
  } catch (error) {
    session.destroy();
    const cause = problem ?? error;
    const failure = cause instanceof KilnError ? cause : cannotConnect(url, cause);
    options.logger.warn({ url, reason: failure.message }, 'a connection was not made');
    throw failure;
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', giveUp);
  }
}

function opened(session: ClientHttp2Session): Promise<void> {
  return new Promise((resolve, reject) => {
    session.once('connect', () => resolve());
    session.once('close', () => reject(new Error('the connection was closed')));
  });
}

/** All calls on this one session: a new one would have to prove the secret first. */
function transportOver(session: ClientHttp2Session, url: string, limits: RpcLimits): Transport {
  return createConnectTransport({
    baseUrl: url,
    httpVersion: '2',
    useBinaryFormat: true,
    acceptCompression: [],
    readMaxBytes: limits.maxMessageBytes,
    writeMaxBytes: limits.maxMessageBytes,
    interceptors: [
      (next) => (request) => {
        if (request.stream || request.signal.aborted) return next(request);
        const limit = AbortSignal.timeout(limits.handshakeMillis);
        return next({ ...request, signal: AbortSignal.any([request.signal, limit]) });
      },
    ],
    sessionManager: {
      authority: new URL(url).origin,
      request: async (method, path, headers, streamOptions) => {
        const fields = { ...headers, ':method': method, ':path': path };
        return session.request(fields, streamOptions);
      },
      notifyResponseByteRead: () => {},
    },
  });
}

async function authenticate(auth: Client<typeof AuthService>, url: string, options: ConnectOptions): Promise<void> {
  const { identity, secret } = options;
  const clientNonce = newNonce();
  const answer = await auth.challenge({ identity, clientNonce, protocol: handshakeProtocol }).catch((error) => {
    throw refused(url, identity, error);
  });
  const challenge = { identity, clientNonce, serverNonce: answer.serverNonce };
  const isPeer =
    answer.serverNonce.length === nonceBytes && isSameProof(answer.serverProof, proofOf(secret, 'server', challenge));
  if (!isPeer) throw secretsDiffer(url, identity, undefined);
  await auth.prove({ clientProof: proofOf(secret, 'client', challenge) }).catch((error) => {
    throw refused(url, identity, error);
  });
}

function refused(url: string, identity: string, error: unknown): unknown {
  return error instanceof ConnectError && error.code === Code.Unauthenticated
    ? secretsDiffer(url, identity, error)
    : error;
}

function secretsDiffer(url: string, identity: string, cause: unknown): KilnError {
  return new KilnError(
    'KILN_RPC_SECRET',
    `The process at ${url} and this one do not share the secret of '${identity}'`,
    {
      hint: 'Give both the same spark.authenticate.secret',
      concerns: { url, identity },
      ...(cause === undefined ? {} : { cause }),
    },
  );
}

function cannotConnect(url: string, cause: unknown): KilnError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new KilnError('KILN_RPC_CONNECT', `Cannot connect to ${url}: ${reason}`, { cause, concerns: { url } });
}
