import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type Http2Session,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { Code, ConnectError, type ConnectRouter, createContextKey, createContextValues } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { KilnError } from '@kiln/base';
import type { Logger } from '@kiln/contracts/plugin';
import { AuthService } from '../generated/kiln/rpc/v1/auth_pb.ts';
import { Doorkeeper } from './doorkeeper.ts';
import { defaultLimits, maxHandshakeBytes, type RpcLimits, type ServerTls, windowBytes } from './limits.ts';
import { peerKey } from './peer.ts';

export interface ServeOptions {
  /** Services; what they implement finds who calls under {@link peerKey}. */
  readonly routes: (router: ConnectRouter) => void;
  /** Address to listen at. Default: 127.0.0.1. */
  readonly host?: string;
  /** 0 or left out: any that is free. */
  readonly port?: number;
  /** The secret that a peer of this identity must know; `undefined`: nobody is accepted under it. */
  readonly secretOf: (identity: string) => string | undefined;
  readonly tls?: ServerTls | null;
  readonly limits?: Partial<RpcLimits>;
  readonly logger: Logger;
}

export interface RpcServer {
  readonly host: string;
  readonly port: number;
  /** Cuts all connections. */
  close(): Promise<void>;
}

/** Serves authenticated calls. Errors: KILN_RPC_LISTEN. */
export async function serve(options: ServeOptions): Promise<RpcServer> {
  const limits = { ...defaultLimits, ...options.limits };
  const door = new Doorkeeper(options.secretOf, limits, options.logger);
  const server = open(options, limits);
  // Also of those that are not as far as a session yet.
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('session', (session) => door.admit(session));
  server.on('sessionError', (error: Error, session: Http2Session) => {
    options.logger.debug({ error }, 'a connection broke');
    session.destroy();
  });
  server.on('request', requestListener(options, limits, door));
  const host = options.host ?? '127.0.0.1';
  await listen(server, host, options.port ?? 0);
  return {
    host,
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function open({ tls }: ServeOptions, limits: RpcLimits): Http2Server | Http2SecureServer {
  const settings = { initialWindowSize: windowBytes, maxConcurrentStreams: 256 };
  if (tls === undefined || tls === null) return createServer({ settings });
  const { certificate: cert, key } = tls;
  return createSecureServer({ settings, cert, key, minVersion: 'TLSv1.3', handshakeTimeout: limits.handshakeMillis });
}

function requestListener({ routes }: ServeOptions, limits: RpcLimits, door: Doorkeeper) {
  const plain = { acceptCompression: [], grpcWeb: false, grpc: false };
  const services = connectNodeAdapter({
    ...plain,
    routes,
    readMaxBytes: limits.maxMessageBytes,
    writeMaxBytes: limits.maxMessageBytes,
    contextValues: (request) => {
      const peer = door.peerOf((request as Http2ServerRequest).stream.session);
      return createContextValues().set(peerKey, peer);
    },
  });
  const handshake = connectNodeAdapter({
    ...plain,
    routes: (router) => {
      router.service(AuthService, {
        challenge: (request, { values }) => door.challenge(present(values.get(sessionKey)), request),
        prove: (request, { values }) => door.prove(present(values.get(sessionKey)), request),
      });
    },
    readMaxBytes: maxHandshakeBytes,
    contextValues: (request) => createContextValues().set(sessionKey, (request as Http2ServerRequest).stream.session),
  });
  return (request: Http2ServerRequest, response: Http2ServerResponse) => {
    // A peer that goes away in the middle is nobody's error.
    request.on('error', () => {});
    response.on('error', () => {});
    if (request.url.startsWith(`/${AuthService.typeName}/`)) return handshake(request, response);
    if (door.peerOf(request.stream.session) !== undefined) return services(request, response);
    response.writeHead(401).end();
  };
}

const sessionKey = createContextKey<Http2Session | undefined>(undefined, { description: 'session' });

function present(session: Http2Session | undefined): Http2Session {
  if (session === undefined) throw new ConnectError('the connection is closed', Code.Aborted);
  return session;
}

function listen(server: Http2Server | Http2SecureServer, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (cause: Error) => {
      reject(
        new KilnError('KILN_RPC_LISTEN', `Cannot listen at ${host}:${port}: ${cause.message}`, {
          cause,
          concerns: { host, port: String(port) },
        }),
      );
    };
    server.once('error', failed);
    server.listen(port, host, () => {
      server.off('error', failed);
      server.on('error', () => {});
      resolve();
    });
  });
}
