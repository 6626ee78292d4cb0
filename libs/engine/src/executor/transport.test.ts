import type { TransportConfig, TransportUsage } from '@kiln/contracts/executor';
import { NativeTransport } from '@kiln/native';
import { afterEach, expect, test } from 'vitest';
import { nativeError } from '../native/index.ts';

const config: TransportConfig = {
  host: '127.0.0.1',
  port: 0,
  advertisedHost: '',
  applicationId: 'app-1',
  secret: Buffer.from('a secret').toString('base64'),
  tls: null,
  maxFrameBytes: 16 << 20,
  idleTimeoutMillis: 120_000,
  connectTimeoutMillis: 60_000,
  maxSizeInFlight: 48 << 20,
  maxBytesInFlight: 96 << 20,
  maxReqsInFlight: 2_147_483_647,
  maxRetries: 0,
  retryWaitMillis: 10,
  maxBlockToMemory: 200 << 20,
};

const opened: NativeTransport[] = [];

async function open(overrides: Partial<TransportConfig> = {}): Promise<NativeTransport> {
  const transport = await NativeTransport.open(JSON.stringify({ ...config, ...overrides }));
  opened.push(transport);
  return transport;
}

const usage = (transport: NativeTransport) => JSON.parse(transport.usage()) as TransportUsage;

afterEach(async () => {
  await Promise.all(opened.splice(0).map((transport) => transport.close()));
});

test('a blob of many pieces goes from one process to another', async () => {
  const [here, there] = [await open(), await open()];
  const blob = Buffer.alloc(21_000_000);
  for (let at = 0; at < blob.length; at += 4) blob.writeUInt32LE((at * 2_654_435_761) >>> 0, at);
  there.putBlob('program', blob);
  const fetched = await here.fetchBlob(there.address, 'program');
  expect(fetched.equals(blob)).toBe(true);
  expect(usage(there)).toMatchObject({ blobs: 1, blobBytes: 21_000_000, connectionsIn: 1 });
  expect(usage(here)).toMatchObject({ connectionsOut: 1, requests: 1 });
});

test('errors say what is to blame', async () => {
  const [here, there] = [await open(), await open()];
  const failed = async (address: string) =>
    nativeError(await here.fetchBlob(address, 'nothing').catch((error: unknown) => error));
  expect(await failed(there.address)).toMatchObject({ code: 'KILN_FETCH_MISSING' });
  const { address } = there;
  await there.close();
  expect(await failed(address)).toMatchObject({ code: 'KILN_FETCH_NETWORK' });
});

test('a peer with another secret is refused, and said to be', async () => {
  const [here, there] = [await open({ secret: Buffer.from('another').toString('base64') }), await open()];
  const logged = new Promise<string>((resolve) => there.onLog(resolve));
  const error = nativeError(await here.fetchBlob(there.address, 'b').catch((e: unknown) => e));
  expect(error).toMatchObject({ code: 'KILN_FETCH_REFUSED' });
  expect(error.message).toContain('secret');
  expect(await logged).toContain('turned 127.0.0.1');
});

test('settings that cannot be used are an error', async () => {
  const error = nativeError(await open({ secret: '' }).catch((e: unknown) => e));
  expect(error).toMatchObject({ code: 'KILN_TRANSPORT_INVALID' });
});
