// kiln submit in cluster mode, against a real master.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { workerId } from '@kiln/base';
import { parseMasterUrl } from '@kiln/cluster-standalone/client';
import { defaultMasterOptions, Master } from '@kiln/cluster-standalone/master';
import { Worker } from '@kiln/cluster-standalone/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startKiln } from './support/kiln.ts';
import { repository } from './support/paths.ts';

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

describe('a cluster with a worker', () => {
  let worker: Worker;
  const work = () => join(folder, 'work');
  beforeAll(async () => {
    worker = await Worker.start({
      ...{ id: workerId('worker-1'), masters: parseMasterUrl(master.url), secret, tls: null, host: '127.0.0.1' },
      resources: { cores: 2, memoryBytes: 4 * 2 ** 30 },
      workDirectory: work(),
      executorMain: join(repository, 'apps/executor/dist/main.js'),
      driverMain: join(repository, 'apps/cli/dist/driver/main.js'),
      ...{ executorGraceMillis: 1_000, driverGraceMillis: 10_000, cleanup: null, logger },
    });
  });
  afterAll(() => worker.stop());

  const app = (name: string, text: string) => writeFileSync(join(folder, name), text);
  const stateOf = async (id: string) => (await submit(['--status', id])).stdout;
  const submitted = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await submit(['--deploy-mode', 'cluster', ...args]);
    expect([code, stdout], stderr).toEqual([0, expect.stringMatching(/^driver-/)]);
    return stdout.trim();
  };
  const output = (id: string, file: string) => readFileSync(join(work(), id, '1', file), 'utf8');

  it('runs a driver in a directory of its own, with its modules, files and arguments', async () => {
    app('helper.ts', "export const greet = (name: string) => ['hello', name].join(' ');\n");
    // Larger than what fits into an environment variable.
    app('lookup.csv', 'a,b\n'.repeat(100_000));
    app(
      'greet.ts',
      `import { readFileSync } from 'node:fs';
import { Session } from '@kiln/client';
import { greet } from './helper.ts';
console.log(greet(process.argv[2] ?? ''), typeof Session.create, readFileSync('lookup.csv').length, process.env.KILN_DRIVER);
`,
    );
    const id = await submitted('--files', 'lookup.csv', 'greet.ts', 'night');
    await expect.poll(() => stateOf(id), { timeout: 30_000 }).toBe(`${id} (greet) finished on 127.0.0.1\n`);
    expect(output(id, 'stdout')).toBe('hello night function 400000 undefined\n');
    expect(output(id, 'stderr')).toMatch(/^done in /);
  });

  it('tells why a driver failed', async () => {
    app('fails.ts', "throw new Error('no luck');\n");
    const id = await submitted('fails.ts');
    await expect.poll(() => stateOf(id), { timeout: 30_000 }).toContain(`${id} (fails) failed on 127.0.0.1`);
    expect(await stateOf(id)).toContain('no luck');
  });

  it('ends a driver that is killed', async () => {
    app('waits.ts', "console.log('waiting');\nsetInterval(() => {}, 1000);\n");
    const id = await submitted('waits.ts');
    await expect
      .poll(() => existsSync(join(work(), id, '1/stdout')) && output(id, 'stdout'), { timeout: 30_000 })
      .toBe('waiting\n');
    expect((await submit(['--kill', id])).code).toBe(0);
    await expect.poll(() => output(id, 'stderr'), { timeout: 20_000 }).toMatch(/\ncancelled\n$/);
    expect(await stateOf(id)).toContain(`${id} (waits) killed`);
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
