import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way between two processes that can be cut and held. */
export interface TestProxy {
  readonly port: number;
  /** Cuts what is open; new connections are made. */
  cut(): void;
  /** Bytes are not passed on until {@link release}; connections stay open. */
  hold(): void;
  release(): void;
  close(): void;
  /** Connections made so far. */
  readonly connections: number;
}

/** To a port of this machine. */
export async function startProxy(target: () => number): Promise<TestProxy> {
  const sockets = new Set<Socket>();
  let connections = 0;
  let isHeld = false;
  const server = createServer((client) => {
    connections++;
    const upstream = connect(target(), '127.0.0.1');
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from
        .on('error', () => {})
        .on('close', () => {
          sockets.delete(from);
          to.destroy();
        });
      from.pipe(to);
      if (isHeld) from.pause();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    hold() {
      isHeld = true;
      for (const socket of sockets) socket.unpipe();
      for (const socket of sockets) socket.pause();
    },
    release() {
      isHeld = false;
      cut();
    },
    close() {
      cut();
      server.close();
    },
    get connections() {
      return connections;
    },
  };
}

/** A port that nobody uses at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
