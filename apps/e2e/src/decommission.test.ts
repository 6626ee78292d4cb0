import { kill } from 'node:process';
import { expect, it } from 'vitest';
import { slowNumbers, TestEngine } from './support/engine.ts';
import { executorsOf } from './support/traces.ts';

const engine = new TestEngine();

it('an executor that is told to leave finishes its tasks, gets no more, and another one takes its place', async () => {
  const session = await engine.start({
    master: 'local-cluster[2,1,512]',
    conf: { 'spark.decommission.enabled': 'true' },
  });
  await expect.poll(() => executorsOf(session.appId).size, { timeout: 20_000 }).toBe(2);
  const counting = slowNumbers(session, { splits: 20, chunks: 5, delay: 40 }).collect();
  const runsOn = (id: string) => engine.recorder.of('task-started').some(({ task }) => task.executorId === id);
  await expect.poll(() => runsOn('0') && runsOn('1'), { timeout: 20_000 }).toBe(true);
  const pid = executorsOf(session.appId).get('0');
  if (pid === undefined) throw new Error('executor 0 does not run');
  kill(pid, 'SIGPWR');
  expect(await counting).toHaveLength(1_000);
  await expect.poll(() => engine.recorder.of('executor-removed').length, { timeout: 20_000 }).toBe(1);
  expect(engine.recorder.of('executor-decommissioned')).toMatchObject([{ executorId: '0', reason: 'signal SIGPWR' }]);
  // Nothing was lost, nothing ran twice.
  const ended = engine.recorder.of('task-ended');
  expect(ended).toHaveLength(20);
  expect(ended.every(({ outcome }) => outcome === 'succeeded')).toBe(true);
  const events = engine.recorder.recorded;
  const left = events.findIndex(({ type }) => type === 'executor-decommissioned');
  const later = events.slice(left).filter((event) => event.type === 'task-started');
  expect(later.some(({ task }) => task.executorId === '0')).toBe(false);
  await expect.poll(() => [...executorsOf(session.appId).keys()].sort(), { timeout: 20_000 }).toEqual(['1', '2']);
}, 90_000);
