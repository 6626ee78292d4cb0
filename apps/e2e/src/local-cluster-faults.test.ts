import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kill } from 'node:process';
import { createInterface } from 'node:readline';
import { executorId } from '@kiln/base';
import { executorLaunchVariable } from '@kiln/contracts/cluster-manager';
import { startExecutor } from '@kiln/launcher';
import { describe, expect, it } from 'vitest';
import { expectNothingRuns, failureOf, filesUnder, slowNumbers, TestEngine } from './support/engine.ts';
import { fixturePlugin, repository } from './support/paths.ts';
import { executorsOf, processesWith } from './support/traces.ts';

const engine = new TestEngine();
const one = 'local-cluster[1,2,1024]';
const executorMain = join(repository, 'apps/executor/dist/index.js');

function pidOf(applicationId: string, executor: string): number {
  const pid = executorsOf(applicationId).get(executor);
  if (pid === undefined) throw new Error(`executor ${executor} does not run`);
  return pid;
}

/** Where an executor was told to find its driver. */
function driverUrlOf(executor: number): string {
  const variables = readFileSync(`/proc/${executor}/environ`, 'utf8').split('\0');
  const launch = variables.find((variable) => variable.startsWith(`${executorLaunchVariable}=`)) ?? '';
  return (JSON.parse(launch.slice(executorLaunchVariable.length + 1)) as { driverUrl: string }).driverUrl;
}

describe('executors that cannot start', () => {
  it('fail the session with what they said, soon and for good', async () => {
    const conf = { 'spark.executorEnv.NODE_OPTIONS': '--no-such-option', 'spark.deploy.maxExecutorRetries': 1 };
    const error = await failureOf(engine.start({ master: one, conf }));
    expect(error.code).toBe('KILN_NO_EXECUTORS');
    expect(error.message).toContain('2 executors ended in a row');
    expect(error.message).toContain('--no-such-option');
  });

  it('fail the session when a plugin that they need is broken', async () => {
    const plugins = [{ package: fixturePlugin('broken-executor'), config: {} }];
    const conf = { 'spark.deploy.maxExecutorRetries': 0 };
    const error = await failureOf(engine.start({ master: one, conf, plugins }));
    expect(error.code).toBe('KILN_NO_EXECUTORS');
    expect(error.message).toContain('this plugin cannot run in an executor');
  });
});

describe('when no executor is left', () => {
  it('and none will come, jobs fail with the reason', async () => {
    const session = await engine.start({ master: one, conf: { 'spark.deploy.maxExecutorRetries': 0 } });
    const failing = failureOf(slowNumbers(session, { splits: 4, chunks: 1000, delay: 10 }).collect());
    await expect.poll(() => engine.recorder.of('task-started').length, { timeout: 60_000 }).toBeGreaterThan(0);
    kill(pidOf(session.appId, '0'), 'SIGKILL');
    const error = await failing;
    expect(error.code).toBe('KILN_NO_EXECUTORS');
    expect(error.message).toContain('SIGKILL');
    // The next one does not wait either.
    expect((await failureOf(session.range(10).count())).code).toBe('KILN_NO_EXECUTORS');
  });
});

describe('an executor that is stopped for a while', () => {
  it('is lost after the timeout, its tasks run elsewhere, and it is not taken back', async () => {
    const conf = {
      'spark.network.timeout': '5s',
      'spark.executor.heartbeatInterval': '500ms',
      'spark.scheduler.minRegisteredResourcesRatio': '1',
    };
    const session = await engine.start({ master: 'local-cluster[2,1,512]', conf });
    const counting = slowNumbers(session, { splits: 6, chunks: 30, delay: 20 }).collect();
    await expect
      .poll(() => engine.recorder.of('task-started').some(({ task }) => task.executorId === '0'), { timeout: 60_000 })
      .toBe(true);
    const pid = pidOf(session.appId, '0');
    kill(pid, 'SIGSTOP');
    await expect.poll(() => engine.recorder.of('executor-removed').length, { timeout: 60_000 }).toBe(1);
    kill(pid, 'SIGCONT');
    expect(engine.recorder.of('executor-removed')[0]).toMatchObject({
      executorId: '0',
      reason: expect.stringContaining('heartbeat') as string,
    });
    expect(await counting).toHaveLength(1800);
    // It ends, and nothing that it said after its loss counts.
    await expect
      .poll(() => processesWith(session.appId).some((process) => process.pid === pid), { timeout: 60_000 })
      .toBe(false);
    const lostAt = engine.recorder.recorded.findIndex((event) => event.type === 'executor-removed');
    const later = engine.recorder.recorded.slice(lostAt);
    const ended = later.filter((event) => event.type === 'task-ended' && event.task.executorId === '0');
    expect(ended.map((event) => event.type === 'task-ended' && event.outcome)).toEqual(ended.map(() => 'failed'));
    await expectNothingRuns(session);
  });
});

describe('a driver that is killed', () => {
  it('takes its executors with it, and their files', async () => {
    mkdirSync(engine.localDir, { recursive: true });
    const program = join(repository, 'apps/e2e/fixtures/programs/endless.ts');
    const child = spawn(process.execPath, [program, one, fixturePlugin('slow-source'), engine.localDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
      const applicationId = line.replace('running ', '');
      expect(executorsOf(applicationId).size).toBe(1);
      child.kill('SIGKILL');
      await expect.poll(() => executorsOf(applicationId).size, { timeout: 60_000 }).toBe(0);
      expect(filesUnder(engine.localDir)).toEqual([]);
    } finally {
      child.kill('SIGKILL');
    }
  });
});

describe('a process that is no executor of ours', () => {
  it('is refused with a wrong secret, by both sides, and disturbs nothing', async () => {
    const session = await engine.start({ master: one });
    const launch = {
      driverUrl: driverUrlOf(pidOf(session.appId, '0')),
      applicationId: session.appId,
      secret: 'guessed',
      executorId: executorId('intruder'),
      cores: 1,
      memoryBytes: 512 * 1024 * 1024,
      host: '127.0.0.1',
      tls: null,
      networkTimeoutMillis: 10_000,
      reconnectMillis: 1_000,
      maxMessageBytes: 1024 * 1024,
      environment: {},
      localDirs: [engine.localDir],
    };
    const exit = await startExecutor({ main: executorMain, launch }).exited;
    expect(exit.code).toBe(1);
    expect(exit.reason).toContain('do not share the secret');
    expect(await session.range(100).count()).toBe(100);
    expect(engine.recorder.of('executor-added').map((event) => event.executorId)).not.toContain('intruder');
  });
});
