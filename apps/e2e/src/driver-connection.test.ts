import { describe, expect, it } from 'vitest';
import { expectNothingRuns, failureOf, slowNumbers, TestEngine } from './support/engine.ts';
import { fixturePlugin } from './support/paths.ts';
import { freePort, startProxy, type TestProxy } from './support/proxy.ts';

const engine = new TestEngine();

/** One executor with two slots that reaches its driver through a proxy. */
async function startBehindProxy(conf: Readonly<Record<string, string>> = {}) {
  const port = await freePort();
  const proxy = await startProxy(() => port);
  engine.onEnd(() => proxy.close());
  const driverUrl = `http://127.0.0.1:${proxy.port}`;
  const session = await engine.start({
    master: 'proxied-cluster[1,2,1024]',
    plugins: [fixturePlugin('slow-source'), { package: fixturePlugin('proxied-cluster'), config: { driverUrl } }],
    conf: { 'spark.driver.port': String(port), ...conf },
  });
  return { session, proxy };
}

/** Starts a job of 12 tasks of so many times 30 ms and waits until it runs. */
async function startJob(session: Awaited<ReturnType<typeof startBehindProxy>>['session'], chunks: number) {
  const frame = slowNumbers(session, { splits: 12, chunks, delay: 30 });
  const rows = frame.collect();
  rows.catch(() => {});
  await expect.poll(() => engine.recorder.of('task-started').length, { timeout: 60_000 }).toBeGreaterThan(1);
  // Not the promise itself: it would be waited for.
  return { rows };
}

const succeeded = () => engine.recorder.of('task-ended').filter((event) => event.outcome === 'succeeded').length;

async function cutOften(proxy: TestProxy, times: number): Promise<void> {
  for (let time = 0; time < times; time++) {
    const before = proxy.connections;
    proxy.cut();
    await expect.poll(() => proxy.connections, { timeout: 60_000 }).toBeGreaterThan(before);
  }
}

describe('a connection between driver and executor', () => {
  it('that is cut again and again loses no status and no task, and runs none twice', async () => {
    const { session, proxy } = await startBehindProxy();
    const { rows } = await startJob(session, 20);
    await cutOften(proxy, 5);
    expect(await rows).toHaveLength(2400);
    expect(engine.recorder.of('executor-removed')).toEqual([]);
    expect(succeeded()).toBe(12);
    expect(engine.recorder.of('task-started')).toHaveLength(12);
    await expectNothingRuns(session);
  });

  it('that carries nothing for a while is as if nothing had been', async () => {
    const { session, proxy } = await startBehindProxy();
    const { rows } = await startJob(session, 20);
    proxy.hold();
    await new Promise((resolve) => setTimeout(resolve, 500));
    proxy.release();
    expect(await rows).toHaveLength(2400);
    expect(engine.recorder.of('executor-removed')).toEqual([]);
    expect(engine.recorder.of('task-started')).toHaveLength(12);
  });

  it('that stays silent loses the executor, which ends; another goes on', async () => {
    const conf = { 'spark.network.timeout': '5s', 'spark.executor.heartbeatInterval': '500ms' };
    const { session, proxy } = await startBehindProxy(conf);
    const { rows } = await startJob(session, 40);
    proxy.hold();
    await expect.poll(() => engine.recorder.of('executor-removed').length, { timeout: 60_000 }).toBe(1);
    proxy.release();
    expect(await rows).toHaveLength(4800);
    expect(engine.recorder.of('executor-removed')[0]?.reason).toContain('heartbeat');
    const others = engine.recorder.of('task-ended').filter(({ task }) => task.executorId !== '0');
    expect(others.filter(({ outcome }) => outcome === 'succeeded').length).toBeGreaterThan(0);
  });

  it('that cannot be made fails the session with the reason', async () => {
    const port = await freePort();
    const driverUrl = `http://127.0.0.1:${port}`;
    const error = await failureOf(
      engine.start({
        master: 'proxied-cluster[1,2,1024]',
        plugins: [{ package: fixturePlugin('proxied-cluster'), config: { driverUrl } }],
        conf: { 'kiln.executor.reconnectTimeout': '500ms', 'spark.deploy.maxExecutorRetries': '0' },
      }),
    );
    expect(error.code).toBe('KILN_NO_EXECUTORS');
    expect(error.message).toMatch(/The driver at .* has not been there for 500 ms: Cannot connect/);
  });
});
