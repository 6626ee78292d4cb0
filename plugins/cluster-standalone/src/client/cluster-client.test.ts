import type { DriverDescription } from '@kiln/contracts/cluster-manager';
import type { Logger } from '@kiln/contracts/plugin';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defaultMasterOptions } from '../master/core/options.ts';
import { Master } from '../master/master.ts';
import { ClusterClient } from './cluster-client.ts';

const nothing = () => {};
const logger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const secret = 'a secret of sixteen characters';
let master: Master;
beforeAll(async () => {
  const common = { host: '127.0.0.1', port: 0, tls: null, recovery: null, logger };
  master = await Master.start({ ...common, secret, options: defaultMasterOptions });
});
afterAll(() => master.stop());

const client = (url = master.url, proof = secret) =>
  new ClusterClient({ master: url, secret: { conf: { 'spark.authenticate.secret': proof }, environment: {} } });
const driver: DriverDescription = {
  name: 'sales',
  application: { type: 'module', path: 'app.ts', arguments: ['2026'] },
  conf: { 'spark.executor.memory': '1g' },
  resources: { cores: 1, memoryBytes: 2 ** 30 },
  supervise: true,
  files: [{ path: 'app.ts', base64: Buffer.from('export {};').toString('base64') }],
};

describe('a client of a cluster', () => {
  test('has a driver run, asks how it is, and ends it', async () => {
    const id = await client().submit(driver);
    expect(id).toMatch(/^driver-\d{14}-\d{4}$/);
    // There is no worker.
    expect(await client().status(id)).toMatchObject({ driverId: id, name: 'sales', state: 'submitted', host: null });
    expect(await client().kill(id)).toMatchObject({ driverId: id, state: 'killed' });
    expect(await client().status(id)).toMatchObject({ state: 'killed' });
  });

  test('hears of a driver that there is not', async () => {
    expect(await client().status('driver-20260101000000-0001')).toBeNull();
    expect(await client().kill('driver-20260101000000-0001')).toBeNull();
  });

  test('says why it was refused', async () => {
    await expect(client(master.url, 'another one of sixteen').status('x')).rejects.toMatchObject({
      code: 'KILN_RPC_SECRET',
    });
    const large = { path: 'large', base64: Buffer.alloc(9 * 2 ** 20).toString('base64') };
    await expect(client().submit({ ...driver, files: [large] })).rejects.toMatchObject({
      code: 'KILN_MASTER_REFUSED',
      message: expect.stringContaining('the files of a driver may have'),
    });
    await expect(client().submit({ ...driver, files: [{ path: '../up', base64: '' }] })).rejects.toMatchObject({
      code: 'KILN_MASTER_REFUSED',
    });
  });

  test('says that no master answers, and which were asked', async () => {
    await expect(client('kiln://127.0.0.1:1').status('x')).rejects.toMatchObject({
      code: 'KILN_MASTER_UNREACHABLE',
      message: expect.stringContaining('kiln://127.0.0.1:1'),
    });
    expect(() => client('kiln://')).toThrow("'kiln://' is not the URL of a cluster");
  });
});
