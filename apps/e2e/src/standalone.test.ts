import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kill } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { generate } from 'selfsigned';
import { describe, expect, it } from 'vitest';
import { ClusterProcesses, clusterSecret } from './support/cluster.ts';
import { failureOf, slowNumbers, TestEngine } from './support/engine.ts';
import { startKiln } from './support/kiln.ts';
import { repository } from './support/paths.ts';
import { executorsOf, processesWith } from './support/traces.ts';

const engine = new TestEngine();
const cluster = new ClusterProcesses(engine);
const one = { ...cluster.conf, 'spark.executor.memory': '512m' };
const poll = { timeout: 30_000 };

describe('a standalone cluster', () => {
  it('runs the quickstart as local mode does, and cleans up', async () => {
    const master = await cluster.master();
    const worker = await cluster.worker(master.url);
    const quickstart = join(repository, 'apps/examples/quickstart/job.yaml');
    const run = (target: string, out: string) =>
      startKiln(['run', '--master', target, '--set', `outputs.1.path=${engine.path(out)}`, quickstart], {
        cwd: engine.path(),
        env: { KILN_AUTH_SECRET: clusterSecret },
      }).ended;
    const [local, remote] = [await run('local[1]', 'local-out'), await run(master.url, 'cluster-out')];
    expect(remote).toMatchObject({ code: 0, stdout: local.stdout });
    const status = await startKiln(['cluster', 'status', '--master', master.url], {
      env: { KILN_AUTH_SECRET: clusterSecret },
    }).ended;
    expect(status.stdout).toMatch(/late-flights +\S+ +finished/);
    expect(status.stdout).toMatch(/alive +0 of 1 +0 B of 2.0 GiB/);
    expect(await worker.end('SIGTERM')).toBe(0);
    expect(await master.end('SIGINT')).toBe(0);
  });

  it('refuses who does not know its secret, on both sides of the wire', async () => {
    const master = await cluster.master();
    const refused = cluster.start('worker', '--conf', 'spark.authenticate.secret=another one, long enough', master.url);
    expect(await refused.ended).toBe(1);
    expect(refused.text.stderr).toMatch(/^KILN_RPC_SECRET: .* do not share the secret of 'cluster'$/m);
    const conf = { 'spark.authenticate.secret': 'yet another one, long enough' };
    expect((await failureOf(engine.start({ master: master.url, conf }))).code).toBe('KILN_RPC_SECRET');
    await expect.poll(() => master.text.stderr, poll).toMatch(/a connection was not accepted from .* proved no secret/);
  });
});

describe('applications on a standalone cluster', () => {
  it('share it by their core limits, and wait in line', async () => {
    const master = await cluster.master();
    await cluster.worker(master.url, '--cores', '2');
    const conf = {
      ...one,
      'spark.executor.cores': '1',
      'spark.cores.max': '1',
    };
    const start = () => engine.start({ master: master.url, conf });
    const [first, second] = [await start(), await start()];
    const count = (session: typeof first) =>
      slowNumbers(session, { splits: 2, chunks: 2, delay: 1 }).collect({ description: 'count' });
    expect((await Promise.all([count(first), count(second)])).map((rows) => rows.length)).toEqual([40, 40]);
    // The third waits for longer than it would wait for executors that never come.
    const waiting = engine.start({ master: master.url, conf: { ...conf, 'kiln.executor.noExecutorsGrace': '10s' } });
    await expect.poll(() => master.text.stderr.match(/application \S+ \(.*\) registered/g), poll).toHaveLength(3);
    await sleep(12_000);
    await first.stop();
    expect(await count(await waiting)).toHaveLength(40);
  });

  it('that fit on no worker fail, and say what there is', async () => {
    const master = await cluster.master();
    await cluster.worker(master.url);
    const conf = { ...one, 'spark.executor.memory': '64g', 'kiln.executor.noExecutorsGrace': '1s' };
    const failure = await failureOf(engine.start({ master: master.url, conf }));
    expect(failure.code).toBe('KILN_NO_EXECUTORS');
    expect(failure.message).toContain('fits on none of 1 worker; the most a worker has: 1 core and 2048 MiB');
  });
});

describe('an encrypted standalone cluster', () => {
  it('runs jobs, and does not talk to who is not encrypted', async () => {
    const { cert, private: key } = await generate([{ name: 'commonName', value: 'kiln' }], { algorithm: 'sha256' });
    writeFileSync(engine.path('cert.pem'), cert);
    writeFileSync(engine.path('key.pem'), key);
    const tls = {
      'spark.ssl.rpc.enabled': 'true',
      'spark.ssl.rpc.certChain': engine.path('cert.pem'),
      'spark.ssl.rpc.privateKey': engine.path('key.pem'),
    };
    const flags = Object.entries(tls).flatMap(([name, value]) => ['--conf', `${name}=${value}`]);
    const master = await cluster.master(...flags);
    await cluster.worker(master.url, ...flags);
    const session = await engine.start({ master: master.url, conf: { ...one, ...tls } });
    expect(await slowNumbers(session, { splits: 2, chunks: 2, delay: 1 }).collect()).toHaveLength(40);
    const status = (...more: readonly string[]) =>
      startKiln(['cluster', 'status', '--master', master.url, ...more], { env: { KILN_AUTH_SECRET: clusterSecret } })
        .ended;
    expect((await status(...flags)).stdout).toContain('running');
    expect(await status()).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^KILN_MASTER_UNREACHABLE/) as string,
    });
  });
});

describe('faults of a standalone cluster', () => {
  it('a master that is killed and started again, while a job runs', async () => {
    const directory = engine.path('state');
    const first = await cluster.master('--recovery-directory', directory);
    await cluster.worker(first.url);
    const session = await engine.start({ master: first.url, conf: one });
    const counting = slowNumbers(session, { splits: 6, chunks: 20, delay: 20 }).collect();
    await expect.poll(() => engine.recorder.of('task-ended').length, poll).toBeGreaterThan(0);
    await first.end('SIGKILL');
    expect(await slowNumbers(session, { splits: 2, chunks: 2, delay: 1 }).collect()).toHaveLength(40);
    const port = first.url.slice(first.url.lastIndexOf(':') + 1);
    const second = await cluster.master('--recovery-directory', directory, '--port', port);
    expect(await counting).toHaveLength(1200);
    await expect.poll(() => second.text.stderr, poll).toContain('recovery complete');
    // Nothing was lost, and the new master replaces what is lost from now on.
    expect(engine.recorder.of('executor-removed')).toEqual([]);
    const [pid] = executorsOf(session.appId).values();
    kill(pid ?? 0, 'SIGKILL');
    await expect.poll(() => engine.recorder.of('executor-removed'), poll).toHaveLength(1);
    expect(await slowNumbers(session, { splits: 2, chunks: 2, delay: 1 }).collect()).toHaveLength(40);
    expect([...executorsOf(session.appId).keys()]).toEqual(['1']);
  });

  it('a standby master takes over', async () => {
    const shared = ['--recovery-directory', engine.path('state'), '--conf', 'kiln.deploy.leaseTimeout=1s'];
    const first = await cluster.master(...shared);
    const second = await cluster.master(...shared);
    expect(second.text.stdout).toContain(`stands by at ${second.url}; ${first.url} reigns`);
    const both = `${first.url},${second.url.slice('kiln://'.length)}`;
    await cluster.worker(both);
    const session = await engine.start({ master: both, conf: one });
    const counting = slowNumbers(session, { splits: 6, chunks: 20, delay: 20 }).collect();
    await first.end('SIGKILL');
    await expect.poll(() => second.text.stdout, poll).toContain(`master ready at ${second.url}`);
    expect(await counting).toHaveLength(1200);
    await expect.poll(() => second.text.stderr, poll).toContain('recovery complete');
    expect(engine.recorder.of('executor-removed')).toEqual([]);
  });

  it('a master that was paused while a standby took over gives way when it wakes up', async () => {
    const shared = ['--recovery-directory', engine.path('state'), '--conf', 'kiln.deploy.leaseTimeout=1s'];
    const first = await cluster.master(...shared);
    const second = await cluster.master(...shared);
    const both = `${first.url},${second.url.slice('kiln://'.length)}`;
    await cluster.worker(both);
    const session = await engine.start({ master: both, conf: one });
    kill(first.pid, 'SIGSTOP');
    await expect.poll(() => second.text.stdout, poll).toContain(`master ready at ${second.url}`);
    // Its connections are still there; who waits for it looks elsewhere after a while.
    await expect.poll(() => second.text.stderr, { timeout: 60_000 }).toContain('recovery complete');
    expect(second.text.stderr).not.toContain('is lost');
    expect(await slowNumbers(session, { splits: 2, chunks: 2, delay: 1 }).collect()).toHaveLength(40);
    kill(first.pid, 'SIGCONT');
    expect(await first.ended).toBe(1);
    expect(first.text.stderr).toContain(
      `KILN_MASTER_REPLACED: This master ends: another master (${second.url}) took over`,
    );
    expect(engine.recorder.of('executor-removed')).toEqual([]);
  }, 240_000);

  it('a worker that is killed takes its executors with it, and the job goes on elsewhere', async () => {
    const master = await cluster.master();
    const doomed = await cluster.worker(master.url);
    const session = await engine.start({ master: master.url, conf: { ...one, 'spark.cores.max': '1' } });
    await cluster.worker(master.url);
    const counting = slowNumbers(session, { splits: 6, chunks: 20, delay: 20 }).collect();
    await expect.poll(() => engine.recorder.of('task-ended').length, poll).toBeGreaterThan(0);
    const [pid] = executorsOf(session.appId).values();
    await doomed.end('SIGKILL');
    await expect.poll(() => processesWith(session.appId).some((process) => process.pid === pid), poll).toBe(false);
    expect(await counting).toHaveLength(1200);
    expect([...executorsOf(session.appId).keys()]).toEqual(['1']);
  });

  it('an executor that holds too much memory is ended, and its job hears why', async () => {
    const master = await cluster.master();
    await cluster.worker(master.url);
    const conf = { ...one, 'spark.executor.memoryOverhead': '200m', 'spark.task.maxFailures': '2' };
    const session = await engine.start({ master: master.url, conf });
    // It is all right by itself.
    expect(await slowNumbers(session, { splits: 1, chunks: 1, delay: 1 }).collect()).toHaveLength(10);
    const hungry = slowNumbers(session, { splits: 1, chunks: 1000, delay: 20, hold: 1000 }).collect();
    const failure = await failureOf(hungry);
    const reason =
      /held \d+ MiB of memory and was ended: its limit is 712 MiB \(spark\.executor\.memory 512 MiB and 200 MiB of overhead\)\. Raise/;
    expect(engine.recorder.of('executor-removed')[0]?.reason).toMatch(reason);
    expect(JSON.stringify(failure.message) + JSON.stringify(failure.cause?.message)).toMatch(reason);
    expect(await slowNumbers(session, { splits: 1, chunks: 1, delay: 1 }).collect()).toHaveLength(10);
  });

  it('everything but the driver: it waits, and goes on with what comes', async () => {
    const first = await cluster.master();
    const worker = await cluster.worker(first.url);
    const session = await engine.start({ master: first.url, conf: one });
    const counting = slowNumbers(session, { splits: 6, chunks: 20, delay: 20 }).collect();
    await expect.poll(() => engine.recorder.of('task-ended').length, poll).toBeGreaterThan(0);
    await Promise.all([first.end('SIGKILL'), worker.end('SIGKILL')]);
    const port = first.url.slice(first.url.lastIndexOf(':') + 1);
    await cluster.master('--port', port);
    await cluster.worker(first.url);
    expect(await counting).toHaveLength(1200);
  });
});
