// kiln submit in cluster mode, against a real master.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultMasterOptions, Master } from '@kiln/cluster-standalone/master';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startKiln } from './support/kiln.ts';

const secret = 'a secret of sixteen characters';
const nothing = () => {};
const logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
let folder = '';
let master: Master;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kiln-submit-cluster-'));
  writeFileSync(join(folder, 'app.ts'), 'export default async () => {};\n');
  const common = { host: '127.0.0.1', port: 0, tls: null, recovery: null, logger };
  master = await Master.start({ ...common, secret, options: defaultMasterOptions });
});
afterAll(async () => {
  await master.stop();
  rmSync(folder, { recursive: true, force: true });
});

const submit = (args: readonly string[], proof = secret) =>
  startKiln(['submit', '--master', master.url, ...args], { cwd: folder, env: { KILN_AUTH_SECRET: proof } }).ended;

describe('a cluster without workers', () => {
  it('keeps a driver until there is one, says so, and forgets it when it is told', async () => {
    const { code, stdout, stderr } = await submit(['--deploy-mode', 'cluster', '--name', 'night', 'app.ts']);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^driver-\d{14}-\d{4}\n$/)]);
    const id = stdout.trim();
    expect(stderr).toBe(`night is submitted; how it is: kiln submit --master ${master.url} --status ${id}\n`);
    expect(await submit(['--status', id])).toEqual({
      code: 0,
      stdout: expect.stringContaining(`${id} (night) submitted: waits for a worker with 1 core`),
      stderr: '',
    });
    expect(await submit(['--kill', id])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`${id} (night) killed`),
    });
    const again = await submit(['--kill', id]);
    expect(again).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(`${id} has ended already`) });
  });

  it.each([
    [
      'an id that it does not know',
      ['--status', 'driver-1'],
      secret,
      'KILN_DRIVER_UNKNOWN: The master .* knows no driver',
    ],
    ['a wrong secret', ['--status', 'driver-1'], 'another one of sixteen', 'KILN_RPC_SECRET: '],
    [
      'a secret that is too short',
      ['--status', 'driver-1'],
      'short',
      'KILN_ARGUMENT_SECRET: .* in KILN_AUTH_SECRET is shorter',
    ],
  ])('refuses %s', async (_, args, proof, message) => {
    const { code, stdout, stderr } = await submit(args, proof);
    expect([code === 0, stdout]).toEqual([false, '']);
    expect(stderr).toMatch(new RegExp(message));
  });
});

it('a master that is not there is told, with what to do', async () => {
  const result = await startKiln(['submit', '--master', 'kiln://127.0.0.1:1', '--deploy-mode', 'cluster', 'app.ts'], {
    cwd: folder,
    env: { KILN_AUTH_SECRET: secret },
  }).ended;
  expect(result).toMatchObject({ code: 1, stdout: '' });
  expect(result.stderr).toMatch(
    /^KILN_MASTER_UNREACHABLE: No master answers: kiln:\/\/127\.0\.0\.1:1: .*\n {2}.*kiln master/,
  );
});
