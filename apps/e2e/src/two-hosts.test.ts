import { readdirSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { expectNothingRuns, failureOf, slowNumbers, TestEngine } from './support/engine.ts';
import { fixturePlugin } from './support/paths.ts';

const engine = new TestEngine();
const plugins = [fixturePlugin('slow-source'), fixturePlugin('two-hosts-cluster')];
const master = 'two-hosts://';

it('a slow task gets a copy on the other host; the first to finish counts, the other is killed, its output discarded', async () => {
  const conf = {
    'spark.speculation': 'true',
    'spark.speculation.quantile': '0.5',
    'spark.speculation.minTaskRuntime': '300ms',
    'spark.task.maxFailures': '1',
  };
  const session = await engine.start({ master, plugins, conf });
  const numbers = slowNumbers(session, { splits: 4, chunks: 2, delay: 10, stuck: 1, stuckFor: 600_000 });
  await numbers.write.parquet(engine.path('out'));
  const attempts = engine.recorder.of('task-ended').filter(({ task }) => task.partition === 1);
  expect(attempts.map(({ task, outcome }) => [task.speculative, outcome]).sort()).toEqual([
    [false, 'killed'],
    [true, 'succeeded'],
  ]);
  expect(new Set(attempts.map(({ task }) => task.executorId)).size).toBe(2);
  // The kill does not count: one failure would have ended the job.
  expect(readdirSync(engine.path('out')).filter((name) => name.endsWith('.parquet'))).toHaveLength(4);
  expect(readdirSync(engine.path('out'))).not.toContain('_temporary');
  const rows = await session.read.parquet(engine.path('out')).collect();
  expect(rows.map((row) => Number(row['n'])).sort((a, b) => a - b)).toEqual(Array.from({ length: 80 }, (_, n) => n));
  await expectNothingRuns(session);
}, 60_000);

it('tasks run where their splits lie, then in the rack, then anywhere', async () => {
  const table = engine.path('racks');
  writeFileSync(table, 'h1 /r1\nh2 /r2\nh3 /r2\n');
  const conf = { 'spark.hadoop.net.topology.table.file.name': table, 'spark.locality.wait': '200ms' };
  const session = await engine.start({ master, plugins, conf });
  await slowNumbers(session, { splits: 2, chunks: 1, delay: 10, hosts: 'h2' }).collect();
  await slowNumbers(session, { splits: 2, chunks: 1, delay: 10, hosts: 'h3' }).collect();
  await slowNumbers(session, { splits: 2, chunks: 1, delay: 10, hosts: 'h4' }).collect();
  const started = engine.recorder.of('task-started').map(({ task }) => `${task.jobId} ${task.locality}`);
  expect(started).toEqual(['0 node-local', '0 node-local', '1 rack-local', '1 rack-local', '2 any', '2 any']);
  const onB = engine.recorder.of('task-started').filter(({ task }) => task.jobId < 2);
  expect(new Set(onB.map(({ task }) => task.executorId))).toEqual(new Set(['b']));
}, 60_000);

it('a task does not go back to where it failed; when that is everywhere, the job fails with the reason', async () => {
  const conf = {
    'spark.excludeOnFailure.enabled': 'true',
    'spark.scheduler.excludeOnFailure.unschedulableTaskSetTimeout': '1s',
  };
  const session = await engine.start({ master, plugins, conf });
  const once = await slowNumbers(session, { splits: 2, chunks: 1, delay: 0, failing: 1, failures: 1 }).collect();
  expect(once).toHaveLength(20);
  const attempts = engine.recorder.of('task-ended').filter(({ task }) => task.partition === 1);
  expect(attempts.map(({ outcome }) => outcome)).toEqual(['failed', 'succeeded']);
  expect(new Set(attempts.map(({ task }) => task.executorId)).size).toBe(2);
  const error = await failureOf(slowNumbers(session, { splits: 2, chunks: 1, delay: 0, failing: 1 }).collect());
  expect(error.code).toBe('KILN_TASK_EXCLUDED');
  expect(error.message).toContain('failures exclude all 2 executors for it (spark.excludeOnFailure)');
}, 60_000);

it('two tasks of spark.task.cpus cores share what four had', async () => {
  const session = await engine.start({ master, plugins, conf: { 'spark.task.cpus': '2' } });
  await slowNumbers(session, { splits: 6, chunks: 1, delay: 20 }).collect();
  let running = 0;
  let most = 0;
  for (const event of engine.recorder.recorded) {
    if (event.type === 'task-started') most = Math.max(most, ++running);
    if (event.type === 'task-ended') running--;
  }
  expect(most).toBe(2);
}, 60_000);

it('a task that takes more cores than an executor has is an error at start', async () => {
  const error = await failureOf(engine.start({ master, plugins, conf: { 'spark.task.cpus': '3' } }));
  expect(error.code).toBe('KILN_TASK_CPUS');
  expect(error.message).toBe('A task takes 3 cores (spark.task.cpus), but an executor of two-hosts:// has 2');
});
