import { readdirSync } from 'node:fs';
import { kill } from 'node:process';
import { expect, it } from 'vitest';
import { filesUnder, slowNumbers, TestEngine } from './support/engine.ts';
import { executorsOf, processesWith } from './support/traces.ts';

const engine = new TestEngine();

it('an attempt that goes on after its executor was declared dead never gets into the output', async () => {
  const session = await engine.start({
    master: 'local-cluster[2,1,512]',
    // Long enough for a process to start on a busy machine.
    conf: { 'spark.network.timeout': '15s', 'spark.executor.heartbeatInterval': '500ms' },
  });
  await expect.poll(() => executorsOf(session.appId).size, { timeout: 60_000 }).toBe(2);
  const out = engine.path('out');
  const writing = slowNumbers(session, { splits: 4, chunks: 20, delay: 50 }).write.parquet(out);
  const runsOn = () => engine.recorder.of('task-started').find(({ task }) => task.executorId === '0')?.task;
  await expect.poll(runsOn, { timeout: 60_000 }).toBeDefined();
  const pid = executorsOf(session.appId).get('0');
  if (pid === undefined) throw new Error('executor 0 does not run');
  kill(pid, 'SIGSTOP');
  try {
    await expect.poll(() => engine.recorder.of('executor-removed').length, { timeout: 60_000 }).toBeGreaterThan(0);
    await writing;
  } finally {
    // It finishes what it was writing, or learns before that it is lost.
    kill(pid, 'SIGCONT');
  }
  await expect
    .poll(() => processesWith(session.appId).some((process) => process.pid === pid), { timeout: 60_000 })
    .toBe(false);
  const partition = runsOn()?.partition;
  const attempts = engine.recorder.of('task-ended').filter(({ task }) => task.partition === partition);
  expect(attempts.map(({ outcome }) => outcome)).toEqual(['failed', 'succeeded']);
  expect(readdirSync(out).filter((name) => name.startsWith('part-'))).toHaveLength(4);
  expect(filesUnder(out).filter((file) => file.endsWith('.parquet') && !file.includes('_temporary'))).toHaveLength(4);
  const rows = await session.read.parquet(out).collect();
  const values = rows.map((row) => Number(row['n'])).sort((a, b) => a - b);
  expect(values).toEqual(Array.from({ length: 800 }, (_, n) => n));
}, 240_000);
