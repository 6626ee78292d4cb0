import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterEvent, DriverDescription } from '@kiln/contracts/cluster-manager';
import { describe, expect, it, vi } from 'vitest';
import { TestCluster } from './test-support/test-cluster.ts';

vi.setConfig({ testTimeout: 60_000 });
const poll = { timeout: 30_000, interval: 50 };
const cluster = new TestCluster();
const signal = () => AbortSignal.timeout(30_000);
const portOf = (url: string) => Number(url.slice(url.lastIndexOf(':') + 1));
const typesOf = (events: readonly ClusterEvent[]) =>
  events.map(({ type }) => type).filter((type) => type !== 'waiting');
/** Processes of executors and drivers that work in this test's directory. */
const processes = () =>
  execFileSync('ps', ['-axo', 'args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => /stub-(executor|driver)\.ts/.test(line) && !line.includes('grep')).length;

describe('a cluster', () => {
  it('gives executors to an application, and takes them back', async () => {
    const { url } = await cluster.master();
    await cluster.worker(url);
    await cluster.worker(url);
    const app = cluster.application(url);
    await app.start();
    await expect.poll(() => app.executors, poll).toHaveLength(4);
    await expect.poll(processes, poll).toBe(4);
    const wants = { ...app.manager.initialRequest, total: 1 };
    await app.manager.requestTotal(wants);
    await app.manager.release(app.executors.slice(1));
    await expect.poll(() => app.executors, poll).toHaveLength(1);
    const status = await cluster.client(url).cluster(signal());
    expect(status).toMatchObject({
      state: 'alive',
      workers: [{ resources: { cores: 2 } }, { resources: { cores: 2 } }],
      applications: [{ name: 'test', state: 'running', executors: 1, cores: 1 }],
    });
    await app.manager.stop();
    await expect.poll(processes, poll).toBe(0);
    const [ended] = (await cluster.client(url).cluster(signal())).applications;
    expect(ended).toMatchObject({ state: 'finished', executors: 0 });
  });

  it('is shared by applications with core limits; who waits is told why', async () => {
    const { url } = await cluster.master({ defaultCores: 2 });
    await cluster.worker(url, { cores: 3 });
    const [first, second, third] = [1, 2, 3].map(() => cluster.application(url)) as [
      ReturnType<TestCluster['application']>,
      ReturnType<TestCluster['application']>,
      ReturnType<TestCluster['application']>,
    ];
    for (const app of [first, second, third]) await app.start();
    await expect.poll(() => [first, second, third].map((app) => app.executors.length), poll).toEqual([2, 1, 0]);
    await expect.poll(() => cluster.log.lines.join(), poll).toContain('waits: all workers are busy');
    await first.manager.stop();
    await expect.poll(() => [second, third].map((app) => app.executors.length), poll).toEqual([2, 1]);
  });

  it('refuses who does not know its secret', async () => {
    const { url } = await cluster.master();
    const worker = await cluster.worker(url, { secret: 'another secret of workers' });
    await expect(worker.ended).rejects.toMatchObject({ code: 'KILN_RPC_SECRET' });
    const app = cluster.application(url, { 'spark.authenticate.secret': 'another secret of drivers' });
    await expect(app.start()).rejects.toMatchObject({ code: 'KILN_RPC_SECRET' });
    expect((await cluster.client(url).cluster(signal())).workers).toEqual([]);
  });
});

describe('executors', () => {
  it('that only fail end the application, which hears why', async () => {
    const { url } = await cluster.master({ maxExecutorRetries: 3 });
    await cluster.worker(url, { cores: 1 });
    const app = cluster.application(url, {}, { STUB_EXIT: '7' });
    await app.start();
    await expect.poll(() => app.events.at(-1)?.type, poll).toBe('failed');
    expect(app.events.filter(({ type }) => type === 'exited')).toHaveLength(3);
    expect(app.events.at(-1)).toMatchObject({
      error: {
        message: expect.stringMatching(/3 executors failed in a row, .*exit code 7; it wrote last:\nit does what/s),
      },
    });
    const out = join(cluster.directory, 'work', (await cluster.client(url).cluster(signal())).applications[0]!.id);
    expect(readFileSync(join(out, '0/stderr'), 'utf8')).toBe('it does what it was told\n');
    expect(existsSync(join(out, '0/process.json'))).toBe(false);
  });

  it('that hold more memory than they may are ended, and the application hears what to do', async () => {
    const { url } = await cluster.master({ maxExecutorRetries: 1 });
    await cluster.worker(url, { cores: 1 });
    const conf = { 'spark.executor.memory': '100m', 'spark.executor.memoryOverhead': '100m' };
    const app = cluster.application(url, conf, { STUB_HOLD_MIB: '400' });
    await app.start();
    await expect
      .poll(() => app.events.find(({ type }) => type === 'exited'), poll)
      .toMatchObject({
        causedByApp: true,
        reason: expect.stringMatching(
          /^it held \d+ MiB of memory and was ended: its limit is 200 MiB \(spark\.executor\.memory 100 MiB and 100 MiB of overhead\)\. Raise/,
        ),
      });
  });
});

describe('masters', () => {
  it('can be restarted while applications go on, with and without a state on disk', async () => {
    for (const recovers of [true, false]) {
      const first = await cluster.master({}, 0, recovers);
      await expect.poll(() => cluster.client(first.url).cluster(signal()), poll).toBeTruthy();
      await cluster.worker(first.url, { cores: 2 });
      const app = cluster.application(first.url, { 'spark.executor.instances': '2' });
      await app.start();
      await expect.poll(() => app.executors, poll).toHaveLength(2);
      await first.stop();
      const second = await cluster.master({}, portOf(first.url), recovers);
      const status = () => cluster.client(second.url).cluster(signal());
      await expect
        .poll(async () => (await status()).applications.map(({ state, executors }) => `${state} ${executors}`), poll)
        .toEqual(['running 2']);
      // What is asked of the new master counts, and nothing was lost or given twice.
      await app.manager.requestTotal({ ...app.manager.initialRequest, total: 1 });
      await app.manager.release([app.executors[0]!]);
      await expect.poll(() => app.executors, poll).toHaveLength(1);
      expect(typesOf(app.events)).toEqual(['granted', 'granted', 'exited']);
      await app.manager.stop();
    }
  });

  it('that stand by take over', async () => {
    const first = await cluster.master({}, 0, true);
    await expect.poll(() => cluster.client(first.url).cluster(signal()), poll).toBeTruthy();
    const second = await cluster.master({}, 0, true);
    const both = `${first.url},${second.url.slice('kiln://'.length)}`;
    await expect(cluster.client(second.url).cluster(signal())).rejects.toThrow(/stands by/);
    await cluster.worker(both);
    const app = cluster.application(both);
    await app.start();
    await expect.poll(() => app.executors, poll).toHaveLength(2);
    await first.stop();
    await expect
      .poll(async () => {
        const { state, applications } = await cluster.client(second.url).cluster(signal());
        return `${state} ${applications.map(({ state, executors }) => `${state} ${executors}`)}`;
      }, poll)
      .toBe('alive running 2');
    expect(typesOf(app.events)).toEqual(['granted', 'granted']);
    expect((await cluster.client(both).cluster(signal())).workers).toHaveLength(1);
  });
});

describe('drivers', () => {
  const description = (parts: Partial<DriverDescription> = {}): DriverDescription => ({
    name: 'job',
    application: { type: 'job-file', path: 'job.yaml', set: [] },
    conf: {},
    resources: { cores: 1, memoryBytes: 2 ** 28 },
    supervise: false,
    files: [{ path: 'job.yaml', base64: Buffer.from('name: job').toString('base64') }],
    ...parts,
  });

  it('run on workers with their files, are killed, and are started again when they are supervised', async () => {
    const { url } = await cluster.master();
    const worker = await cluster.worker(url);
    const client = cluster.client(url);
    const lives = await client.submit(description(), signal());
    expect(lives).toMatch(/^driver-\d{14}-\d{4}$/);
    const conf = { 'stub.exit': '3', 'stub.attempts': '1' };
    const fails = await client.submit(description({ conf }), signal());
    await expect.poll(async () => (await client.status(fails, signal()))?.state, poll).toBe('failed');
    const again = await client.submit(description({ conf, supervise: true }), signal());
    const state = async (id: typeof lives) => {
      const status = await client.status(id, signal());
      return `${status?.state} ${status?.attempt}`;
    };
    await expect.poll(() => state(again), poll).toBe('running 2');
    await expect
      .poll(() => readFileSync(join(cluster.directory, 'work', lives, '1/stdout'), 'utf8'), poll)
      .toBe('name: job');
    expect((await client.kill(lives, signal()))?.state).toBe('running');
    await expect.poll(() => state(lives), poll).toBe('killed 1');
    expect(await client.kill('driver-none', signal())).toBeNull();
    expect((await client.status(fails, signal()))?.message).toMatch(/exit code 3/);
    await worker.stop();
    await expect.poll(() => state(again), poll).toBe('relaunching 2');
    await cluster.worker(url);
    await expect.poll(() => state(again), poll).toBe('running 3');
  });
});
