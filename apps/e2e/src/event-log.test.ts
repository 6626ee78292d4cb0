// The event log of real applications: what is in it, and that it survives.
import { spawn } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ApplicationHistory, EventLogReader, type LoggedEvent, readHistory } from '@kiln/host/event-log';
import { describe, expect, it } from 'vitest';
import { slowNumbers, TestEngine } from './support/engine.ts';
import { startKiln } from './support/kiln.ts';
import { goldenDirectory, repository } from './support/paths.ts';

const engine = new TestEngine();
const logs = () => engine.path('logs');
const conf = () => ({ 'spark.eventLog.enabled': true, 'spark.eventLog.dir': logs() });

function onlyLog(): string {
  const [file = '', ...more] = readdirSync(logs());
  expect(more).toEqual([]);
  return join(logs(), file);
}

/** Times, the application's id and the host are others in each run, and so is most of what is measured: rows are not. */
function normalised(event: LoggedEvent): object {
  const text = JSON.stringify(event, (key, value: unknown) => {
    if (key === 'time' || key === 'appId' || key === 'host') return `<${key}>`;
    if (key !== 'metrics') return value;
    return Object.fromEntries(Object.entries(value as object).filter(([name, rows]) => /Rows$/.test(name) && rows > 0));
  });
  return JSON.parse(text) as object;
}

describe('the event log', () => {
  it('of a small job', async () => {
    const session = await engine.start({ name: 'small', master: 'local[1]', conf: conf() });
    await session
      .range(0, 100, 1, 2)
      .selectExpr('id % 7 as k')
      .groupBy('k')
      .count()
      .collect({ description: 'by seven' });
    expect(readdirSync(logs())).toEqual([`${session.appId}.jsonl.zst.inprogress`]);
    await session.stop();
    expect(readdirSync(logs())).toEqual([`${session.appId}.jsonl.zst`]);
    const reader = await EventLogReader.open(onlyLog());
    expect(reader.header.settings).toMatchObject({ 'spark.eventLog.enabled': 'true' });
    const events = (await reader.toArray()).map(normalised);
    await expect(`${events.map((event) => JSON.stringify(event)).join('\n')}\n`).toMatchFileSnapshot(
      join(goldenDirectory, 'event-log/small-job.jsonl'),
    );
  });

  it('holds what the listeners heard, failures with their causes, and the figures that the scheduler delay needs', async () => {
    const session = await engine.start({ master: 'local[2,2]', conf: { ...conf(), 'spark.eventLog.compress': false } });
    await slowNumbers(session, { splits: 3, chunks: 2, delay: 5, failing: 2 })
      .collect()
      .catch(() => {});
    await session.stop();
    const events = await (await EventLogReader.open(onlyLog())).toArray();
    const heard = engine.recorder.recorded;
    // The user's thread listens from the end of the start to the beginning of the end.
    const from = events.findIndex((event) => event.type === heard[0]?.type);
    expect(events.slice(from, from + heard.length)).toMatchObject(heard);
    const history = await readHistory(onlyLog());
    expect(history.jobs[0]).toMatchObject({ outcome: 'failed', error: { cause: { message: expect.any(String) } } });
    const failed = history.stages[0]?.tasks.filter((task) => task.outcome === 'failed') ?? [];
    expect(failed.map(({ task }) => [task.partition, task.attempt])).toEqual([
      [2, 0],
      [2, 1],
    ]);
    const done = history.stages[0]?.tasks.find((task) => task.outcome === 'succeeded');
    expect((done?.endedAt ?? 0) - (done?.startedAt ?? 0)).toBeGreaterThanOrEqual(
      Math.floor((done?.metrics?.executorRunNanos ?? 0) / 1e6) - 1,
    );
  });

  it('tells what functions of users cost: processor time, and the collection of their garbage', async () => {
    const session = await engine.start({ conf: conf() });
    const texts = session.sparkContext.range(0, 300_000, 1, 1).map((n) => ({ n, text: `${n}`.repeat(9).split('1') }));
    expect(await texts.filter(({ text }) => text.length > 0).count()).toBe(300_000);
    await session.stop();
    const { stages } = await readHistory(onlyLog());
    const { gcNanos = 0, executorCpuNanos = 0, executorRunNanos = 0 } = stages[0]?.tasks[0]?.metrics ?? {};
    expect(executorCpuNanos).toBeGreaterThan(0);
    expect(gcNanos).toBeGreaterThan(0);
    expect(gcNanos).toBeLessThan(executorRunNanos);
  });

  it('of an application that is killed has everything up to its last line', async () => {
    const script = engine.path('application.mjs');
    writeFileSync(
      script,
      `import { Session } from ${JSON.stringify(join(repository, 'libs/client/dist/index.js'))};
const session = await Session.create({ master: 'local[2]', conf: ${JSON.stringify(conf())} });
await session.range(0, 1000, 1, 4).selectExpr('id % 7 as k').groupBy('k').count().collect();
console.log(session.appId);
setInterval(() => {}, 1000);
`,
    );
    const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = new Promise((resolve) => child.on('close', resolve));
    const appId = String(await new Promise((resolve) => child.stdout.once('data', resolve))).trim();
    const path = join(logs(), `${appId}.jsonl.zst.inprogress`);
    const isOver = async () => (await readHistory(path)).jobs[0]?.outcome;
    await expect.poll(isOver, { timeout: 10_000 }).toBe('succeeded');
    child.kill('SIGKILL');
    await ended;
    expect(onlyLog()).toBe(path);
    const history: ApplicationHistory = await readHistory(path);
    expect(history).toMatchObject({ appId, isCut: true, endedAt: null, executors: [{ executorId: 'driver' }] });
    expect(history.stages.map(({ outcome, tasks }) => [outcome, tasks.every((task) => task.metrics !== null)])).toEqual(
      [
        ['succeeded', true],
        ['succeeded', true],
      ],
    );
  });

  it('that cannot be written is an error of the start', async () => {
    writeFileSync(engine.path('file'), '');
    const wrong = { ...conf(), 'spark.eventLog.dir': engine.path('file/logs') };
    await expect(engine.start({ conf: wrong })).rejects.toMatchObject({
      code: 'KILN_EVENT_LOG_DIR',
      hint: 'Set spark.eventLog.dir to a folder that can be written',
    });
  });
});

describe('kiln history show', () => {
  it('prints jobs and stages, with the distribution of tasks', async () => {
    const session = await engine.start({ name: 'shown', conf: conf() });
    await session
      .range(0, 100, 1, 4)
      .selectExpr('id % 7 as k')
      .groupBy('k')
      .count()
      .collect({ description: 'by seven' });
    await session.stop();
    const { code, stdout, stderr } = await startKiln(['history', 'show', onlyLog()]).ended;
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^shown \(kiln-[\w-]+\) on local\[2\], Kiln \d/);
    expect(stdout).toMatch(/\nJobs\n {2}0 {2}succeeded in [\d.]+ s {2}by seven\n {5}stages 0, 1\n/);
    expect(stdout).toMatch(
      /\n {2}0 {2}succeeded in [\d.]+ s, shuffle-map, 4 tasks {2}\w.*\n {23,}min +median +max +total\n/,
    );
    expect(stdout).toMatch(/\n +shuffle write rows +7 +7 +7 +28\n/);
    const json = await startKiln(['history', 'show', onlyLog(), '--format', 'json']).ended;
    expect(JSON.parse(json.stdout)).toMatchObject({ name: 'shown', jobs: [{ outcome: 'succeeded' }] });
  });

  it('says what is wrong with a file', async () => {
    const job = engine.path('job.yaml');
    writeFileSync(job, 'name: job\n');
    expect(await startKiln(['history', 'show', job]).ended).toEqual({
      code: 2,
      stdout: '',
      stderr: `KILN_EVENT_LOG_FORMAT: ${job} is not an event log of Kiln
  Event logs are in the folder spark.eventLog.dir; their names end in .jsonl or .jsonl.zst, with .inprogress while the application runs
`,
    });
  });
});
