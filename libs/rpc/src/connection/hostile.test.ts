import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp, createServer, type Server, type Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DriverService, type ExecutorFrame } from '../generated/kiln/executor/v1/executor_pb.ts';
import { TestNetwork } from '../test-support/test-server.ts';
import type { RpcServer } from './server.ts';

const network = new TestNetwork();
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const emptySettings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);

async function* echo(frames: AsyncIterable<ExecutorFrame>) {
  for await (const { acknowledged } of frames) yield { acknowledged };
}

async function* one() {
  yield { acknowledged: 1n };
}

/** A friend is served as if nothing had been. */
async function expectServed(server: RpcServer): Promise<void> {
  const connection = await network.connect(server);
  for await (const answer of connection.client(DriverService).attach(one())) expect(answer.acknowledged).toBe(1n);
  connection.close();
}

/** Says something and waits until the other side hangs up, or a moment. */
async function throwAt(port: number, bytes: Uint8Array): Promise<void> {
  const socket = connectTcp(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.resume();
  socket.write(bytes);
  await Promise.race([once(socket, 'close'), new Promise((resolve) => setTimeout(resolve, 10))]);
  socket.destroy();
}

const frame = fc
  .record({
    type: fc.nat(12),
    flags: fc.nat(255),
    stream: fc.nat(8),
    payload: fc.uint8Array({ maxLength: 80 }),
    lie: fc.boolean(),
  })
  .map(({ type, flags, stream, payload, lie }) => {
    const head = Buffer.alloc(9);
    head.writeUIntBE(lie ? 0xff_ff_ff : payload.length, 0, 3);
    head.writeUInt8(type, 3);
    head.writeUInt8(flags, 4);
    head.writeUInt32BE(stream, 5);
    return Buffer.concat([head, payload]);
  });

describe('a server', () => {
  it('survives whatever bytes come', async () => {
    const server = await network.serve(echo);
    const garbage = fc.uint8Array({ maxLength: 300 });
    const http1 = fc
      .constantFrom('GET / HTTP/1.1\r\nHost: x\r\n\r\n', 'POST /kiln.rpc.v1.AuthService/Prove HTTP/1.1\r\n\r\n')
      .map(Buffer.from);
    const frames = fc.array(frame, { maxLength: 6 }).map((list) => Buffer.concat([preface, emptySettings, ...list]));
    await fc.assert(
      fc.asyncProperty(fc.oneof(garbage, http1, frames), (bytes) => throwAt(server.port, bytes)),
      { numRuns: 150 },
    );
    await expectServed(server);
  });

  it('survives any body of a handshake', async () => {
    const server = await network.serve(echo);
    const body = fc.oneof(fc.uint8Array({ maxLength: 100 }), fc.constant(new Uint8Array(100_000)));
    const method = fc.constantFrom('Challenge', 'Prove', 'Other');
    const type = fc.constantFrom('application/proto', 'application/json', 'application/connect+proto', 'text/plain');
    await fc.assert(
      fc.asyncProperty(method, type, body, async (name, contentType, bytes) => {
        const session = connectHttp2(`http://127.0.0.1:${server.port}`);
        session.on('error', () => {});
        const headers = { ':method': 'POST', ':path': `/kiln.rpc.v1.AuthService/${name}`, 'content-type': contentType };
        const stream = session.request(headers);
        stream.on('error', () => {});
        stream.resume().end(Buffer.from(bytes));
        await Promise.race([once(stream, 'close').catch(() => {}), new Promise((resolve) => setTimeout(resolve, 200))]);
        session.destroy();
      }),
      { numRuns: 60 },
    );
    await expectServed(server);
  });

  it('hangs up on whoever connects and says nothing, and takes no more than so many of them', async () => {
    const server = await network.serve(echo, { limits: { handshakeMillis: 300, maxStrangers: 3 } });
    const sockets = Array.from({ length: 6 }, () => connectTcp(server.port, '127.0.0.1'));
    let closed = 0;
    for (const socket of sockets) {
      network.onEnd(() => socket.destroy());
      socket
        .on('error', () => {})
        .on('close', () => closed++)
        .resume();
      // As far as HTTP/2 is concerned it is a peer.
      socket.write(Buffer.concat([preface, emptySettings]));
    }
    await expect.poll(() => network.serverLog.text).toContain('too many connections that prove no secret');
    await expect.poll(() => closed, { timeout: 5_000 }).toBe(6);
    await expectServed(server);
  });

  it('refuses a message that is larger than it takes, and goes on', async () => {
    const server = await network.serve(echo, { limits: { maxMessageBytes: 1000 } });
    const connection = await network.connect(server);
    async function* large() {
      yield { hello: { host: 'x'.repeat(2000) } };
    }
    const calling = (async () => {
      for await (const _ of connection.client(DriverService).attach(large()));
    })();
    await expect(calling).rejects.toThrow(/larger than|exhausted/);
    await expectServed(server);
  });

  it('notices a peer that is stopped', async () => {
    let isGone: Promise<unknown> = Promise.resolve();
    const server = await network.serve(
      (frames, { signal }) => {
        isGone = new Promise((resolve) => signal.addEventListener('abort', resolve));
        return echo(frames);
      },
      { limits: { silenceMillis: 300 } },
    );
    // Passes everything on until it is told to hold it.
    const proxy = await startProxy(server.port);
    const connection = await network.connect({ host: '127.0.0.1', port: proxy.port, close: async () => {} });
    async function* open() {
      yield { acknowledged: 1n };
      await new Promise(() => {});
    }
    const answers = connection.client(DriverService).attach(open())[Symbol.asyncIterator]();
    await answers.next();
    proxy.hold();
    await isGone;
  });
});

describe('a client', () => {
  it('gives up on a server that says nothing, or nonsense', async () => {
    const replies = fc.oneof(fc.constant(new Uint8Array()), fc.uint8Array({ minLength: 1, maxLength: 200 }));
    await fc.assert(
      fc.asyncProperty(replies, async (bytes) => {
        const sockets = new Set<Socket>();
        const server: Server = createServer((socket) => {
          sockets.add(socket);
          socket.on('error', () => {}).resume();
          socket.write(bytes);
        });
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
        const { port } = server.address() as { port: number };
        const limits = { handshakeMillis: 150 };
        const connecting = network.connect({ host: '127.0.0.1', port, close: async () => {} }, { limits });
        await expect(connecting).rejects.toMatchObject({ code: 'KILN_RPC_CONNECT' });
        for (const socket of sockets) socket.destroy();
        server.close();
      }),
      { numRuns: 20 },
    );
  });
});

async function startProxy(target: number) {
  let isHeld = false;
  const sockets: Socket[] = [];
  const server = createServer((client) => {
    const upstream = connectTcp(target, '127.0.0.1');
    sockets.push(client, upstream);
    const pass = (from: Socket, to: Socket) =>
      from.on('data', (bytes) => {
        if (!isHeld) to.write(bytes);
      });
    pass(client, upstream);
    pass(upstream, client);
    for (const socket of [client, upstream]) socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  network.onEnd(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    port: (server.address() as { port: number }).port,
    hold() {
      isHeld = true;
    },
  };
}
