import { connect as connectHttp2 } from 'node:http2';
import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { DriverFrameSchema, DriverService, type ExecutorFrame } from '../generated/kiln/executor/v1/executor_pb.ts';
import { TestNetwork } from '../test-support/test-server.ts';
import { peerKey } from './peer.ts';

const network = new TestNetwork();

async function* echo(frames: AsyncIterable<ExecutorFrame>) {
  for await (const { acknowledged } of frames) yield create(DriverFrameSchema, { acknowledged });
}

async function* say(...numbers: readonly bigint[]) {
  for (const acknowledged of numbers) yield { acknowledged };
}

describe('a connection', () => {
  it('is accepted when both ends know the secret, and says who calls', async () => {
    let identity: string | undefined;
    const server = await network.serve((frames, context) => {
      identity = context.values.get(peerKey)?.identity;
      return echo(frames);
    });
    const connection = await network.connect(server);
    const answers: bigint[] = [];
    for await (const { acknowledged } of connection.client(DriverService).attach(say(1n, 2n)))
      answers.push(acknowledged);
    expect(answers).toEqual([1n, 2n]);
    expect(identity).toBe('app');
  });

  it.each([
    ['another secret', { secret: 'wrong' }],
    ['no secret', { secret: '' }],
    ['an identity that nobody knows', { identity: 'other' }],
  ])('with %s is refused and logged on both sides', async (_, options) => {
    const server = await network.serve(echo);
    await expect(network.connect(server, options)).rejects.toMatchObject({ code: 'KILN_RPC_SECRET' });
    expect(network.clientLog.text).toContain('do not share the secret');
    await expect.poll(() => network.serverLog.text).toMatch(/a connection was not accepted.*proved no secret/);
  });

  it('with a wrong proof is refused and logged', async () => {
    const server = await network.serve(echo);
    const session = connectHttp2(`http://${server.host}:${server.port}`);
    network.onEnd(() => session.destroy());
    const call = (method: string, body: object) => {
      const headers = {
        ':method': 'POST',
        ':path': `/kiln.rpc.v1.AuthService/${method}`,
        'content-type': 'application/json',
      };
      const stream = session.request(headers);
      stream.resume().end(JSON.stringify(body));
      return new Promise((resolve) => stream.on('response', (response) => resolve(response[':status'])));
    };
    const clientNonce = Buffer.alloc(32).toString('base64');
    expect(await call('Challenge', { identity: 'app', clientNonce, protocol: 1 })).toBe(200);
    expect(await call('Prove', { clientProof: clientNonce })).toBe(401);
    expect(network.serverLog.text).toMatch(/a connection was refused.*wrong secret for 'app'/);
    await expect.poll(() => session.destroyed).toBe(true);
  });

  it('that proves nothing gets no service, and is closed in time', async () => {
    let called = false;
    const limits = { handshakeMillis: 300 };
    const server = await network.serve(
      (frames) => {
        called = true;
        return echo(frames);
      },
      { limits },
    );
    const session = connectHttp2(`http://${server.host}:${server.port}`);
    network.onEnd(() => session.destroy());
    const stream = session.request({ ':method': 'POST', ':path': '/kiln.executor.v1.DriverService/Attach' });
    stream.on('error', () => {});
    expect(await new Promise((resolve) => stream.on('response', (headers) => resolve(headers[':status'])))).toBe(401);
    await expect.poll(() => session.destroyed).toBe(true);
    expect(called).toBe(false);
    await expect.poll(() => network.serverLog.text).toContain('it did not say who it is');
  });

  it('to a port where nobody listens fails at once', async () => {
    const server = await network.serve(echo);
    await server.close();
    await expect(network.connect(server)).rejects.toMatchObject({ code: 'KILN_RPC_CONNECT' });
  });

  it('to a server that knows another secret says nothing that proves ours', async () => {
    const server = await network.serve(echo, { secretOf: () => 'a thief' });
    await expect(network.connect(server)).rejects.toMatchObject({ code: 'KILN_RPC_SECRET' });
  });
});
