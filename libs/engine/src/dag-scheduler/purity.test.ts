import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { executorId, jobId, Settings, shuffleId, stageId } from '@kiln/base';
import type { EngineSettings } from '@kiln/contracts/plugin';
import { expect, test } from 'vitest';
import { DefaultMapOutputTracker } from '../shuffle/map-output-tracker.ts';
import { DefaultSpeculationPolicy, DefaultTaskScheduler, FifoSchedulingPolicy } from '../task-scheduler/index.ts';
import { DefaultDagScheduler } from './index.ts';

const rooms = ['.', '../task-scheduler', '../cluster-manager'].map((room) => join(import.meta.dirname, room));
const sources = rooms.flatMap((room) => {
  const files = readdirSync(room).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
  return files.map((name) => ({ name, text: readFileSync(join(room, name), 'utf8') }));
});

// A scheduler that looked at the clock, rolled dice or waited could not be replayed.
test.each(sources)('$name has no clock, I/O or randomness', ({ text }) => {
  expect(text).not.toMatch(
    /\bDate\b|Math\.random|performance\.|set(Timeout|Interval|Immediate)|queueMicrotask|\basync\b|\bawait\b|'node:|crypto|console\./,
  );
});

test.each(sources)('$name is small', ({ text }) => {
  expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(250);
});

test('settings are read at the first step, not in the constructors: the master may set some when all parts are made', () => {
  let { settings } = Settings.from({});
  const late = { ...settings, get: (name: 'spark.task.maxFailures') => settings.get(name) } as EngineSettings;
  const dag = new DefaultDagScheduler(new DefaultMapOutputTracker(), late);
  const tasks = new DefaultTaskScheduler(new FifoSchedulingPolicy(), new DefaultSpeculationPolicy(late), late);
  // What the driver does for local[N].
  settings = settings.with({ 'spark.task.maxFailures': '1' }).settings;

  const spec = {
    stageId: stageId(0),
    name: '',
    kind: 'result',
    parents: [],
    shuffleId: null,
    determinism: 'determinate',
  } as const;
  const [prepare] = dag.step(
    { type: 'job-submitted', job: { jobId: jobId(0), description: '', stages: [spec], pool: 'default' } },
    0,
  );
  expect(prepare?.type).toBe('prepare-stage');
  expect(dag.step({ type: 'shuffle-released', shuffleId: shuffleId(9) }, 0)).toEqual([]);
  const request = { partition: 0, preferredExecutors: [], preferredHosts: [] };
  const [submit] = dag.step({ type: 'stage-prepared', stageId: stageId(0), attempt: 0, tasks: [request] }, 0);
  if (submit?.type !== 'submit-task-set') throw new Error('no task set');
  tasks.step({ type: 'executor-added', executorId: executorId('a'), host: 'h', rack: null, slots: 1 }, 0);
  const [launch] = tasks.step({ type: 'task-set-submitted', taskSet: submit.taskSet }, 0);
  if (launch?.type !== 'launch') throw new Error('no launch');
  const failure = { kind: 'user', class: 'Boom', message: 'boom', causes: [], fetch: null } as const;
  const [failed] = tasks.step({ type: 'task-failed', taskId: launch.launch.taskId, failure }, 0);
  expect(failed).toMatchObject({ type: 'task-set-failed', failures: 1 });
});
