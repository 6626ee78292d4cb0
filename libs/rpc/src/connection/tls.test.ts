import { connect as connectHttp2 } from 'node:http2';
import { generate } from 'selfsigned';
import { beforeAll, describe, expect, it } from 'vitest';
import { DriverService, type ExecutorFrame } from '../generated/kiln/executor/v1/executor_pb.ts';
import { TestNetwork } from '../test-support/test-server.ts';
import type { ServerTls } from './limits.ts';

const network = new TestNetwork();

async function newCertificate(): Promise<ServerTls> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'kiln' }]);
  return { certificate: cert, key };
}

let ours: ServerTls;
let others: ServerTls;
beforeAll(async () => {
  [ours, others] = await Promise.all([newCertificate(), newCertificate()]);
});

async function* echo(frames: AsyncIterable<ExecutorFrame>) {
  for await (const { acknowledged } of frames) yield { acknowledged };
}

async function* one() {
  yield { acknowledged: 1n };
}

describe('an encrypted connection', () => {
  it('serves who trusts the certificate, under any name of the machine', async () => {
    const server = await network.serve(echo, { tls: ours });
    const connection = await network.connect(server, { scheme: 'https', tls: { authority: ours.certificate } });
    const answers: bigint[] = [];
    for await (const { acknowledged } of connection.client(DriverService).attach(one())) answers.push(acknowledged);
    expect(answers).toEqual([1n]);
  });

  it('is not made to a server with a certificate that nobody vouches for', async () => {
    const server = await network.serve(echo, { tls: others });
    await expect(
      network.connect(server, { scheme: 'https', tls: { authority: ours.certificate } }),
    ).rejects.toMatchObject({ code: 'KILN_RPC_CONNECT', message: expect.stringContaining('certificate') as string });
  });

  it('still needs the secret', async () => {
    const server = await network.serve(echo, { tls: ours });
    const options = { scheme: 'https', tls: { authority: ours.certificate }, secret: 'wrong' };
    await expect(network.connect(server, options)).rejects.toMatchObject({ code: 'KILN_RPC_SECRET' });
  });

  it('is not made without encryption, and the server goes on', async () => {
    const server = await network.serve(echo, { tls: ours });
    await expect(network.connect(server, { limits: { handshakeMillis: 500 } })).rejects.toMatchObject({
      code: 'KILN_RPC_CONNECT',
    });
    const session = connectHttp2(`https://127.0.0.1:${server.port}`, { rejectUnauthorized: false });
    network.onEnd(() => session.destroy());
    await new Promise((resolve) => session.on('connect', resolve));
  });
});
