import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import type { DataFrame, Session } from '@kiln/client';
import { count } from '@kiln/client/functions';
import { describe, expect, it } from 'vitest';
import { expectNothingLeft, failureOf, filesUnder, slowNumbers, TestEngine } from './support/engine.ts';
import { startKiln } from './support/kiln.ts';
import { fixturePlugin } from './support/paths.ts';

const engine = new TestEngine();

/** Files that nobody will use: each process keeps one lock file. */
const localFiles = () => filesUnder(engine.localDir).filter((file) => !file.endsWith('/lock'));

/** The job that is cancelled. */
const victim = () => engine.recorder.of('job-started').find((event) => event.description === 'victim')?.jobId ?? -1;

/** Waits until a task of such a stage of the victim runs. */
async function untilRuns(kind: string): Promise<void> {
  const running = () => {
    const stages = engine.recorder.of('stage-submitted').filter(({ stage }) => {
      return stage.kind === kind && stage.jobId === victim();
    });
    return engine.recorder
      .of('task-started')
      .some(({ task }) => stages.some(({ stage }) => stage.stageId === task.stageId));
  };
  await expect.poll(running, { timeout: 30_000, interval: 10 }).toBe(true);
}

/** Reads 100 splits of 1 s: a map stage that takes most of a minute. */
const slowMap = (session: Session) =>
  slowNumbers(session, { splits: 100, chunks: 10, delay: 100 }).groupBy('n').agg(count('n').as('c'));

/** 64,000 rows on each side meet in ten groups: 400 million pairs after a shuffle. */
function slowReduce(session: Session): DataFrame {
  const side = (name: string) => session.range(0, 64_000, 1, 2).selectExpr('id % 10 as k', `id as ${name}`);
  return side('a')
    .join(side('b').hint('merge'), 'k')
    .filter('a * b % 1000003 = 5')
    .groupBy('k')
    .agg(count('a').as('c'));
}

const noBroadcast = { 'spark.sql.autoBroadcastJoinThreshold': '-1', 'kiln.shuffle.forceFile': 'true' };

type Cancel = (session: Session, controller: AbortController) => void;
const ways: [string, Cancel][] = [
  ['AbortSignal', (_session, controller) => controller.abort(new Error('enough'))],
  ['session.cancelJob', (session) => session.cancelJob(victim(), 'enough')],
];

describe.each(ways)('cancelling by %s', (_name, cancel) => {
  it.each([
    ['shuffle-map', slowMap],
    ['result', slowReduce],
  ])('in a %s stage leaves nothing and disturbs nobody', async (kind, query) => {
    const session = await engine.start({ conf: noBroadcast, master: 'local[3]' });
    const other = slowNumbers(session, { splits: 2, chunks: 20, delay: 100 }).collect();
    const controller = new AbortController();
    const rows = query(session).collect({ signal: controller.signal, description: 'victim' });
    await untilRuns(kind);
    cancel(session, controller);
    const error = await failureOf(rows);
    expect(error).toMatchObject({ code: 'KILN_JOB_CANCELLED', message: expect.stringContaining('enough') });
    expect((await other).length).toBe(400);
    await expectNothingLeft(session);
    expect(localFiles()).toEqual([]);
    const outcomes = engine.recorder.of('job-ended').map((event) => event.outcome);
    expect(outcomes.toSorted()).toEqual(['cancelled', 'succeeded']);
    const started = engine.recorder.of('task-started').map((event) => event.task.taskId);
    expect(
      engine.recorder
        .of('task-ended')
        .map((event) => event.task.taskId)
        .toSorted((a, b) => a - b),
    ).toEqual(started);
  });

  it.each(['error', 'overwrite'] as const)('in a write (%s) leaves no output', async (mode) => {
    const session = await engine.start();
    const out = engine.path('out');
    if (mode === 'overwrite') await session.range(0, 10, 1, 2).write.parquet(out);
    const before = existsSync(out) ? filesUnder(out) : null;
    engine.recorder.clear();
    const controller = new AbortController();
    const written = slowNumbers(session, { splits: 20, chunks: 5, delay: 100 })
      .write.mode(mode)
      .parquet(out, { signal: controller.signal, description: 'victim' });
    await expect.poll(() => engine.recorder.of('task-ended').length, { timeout: 20_000 }).toBeGreaterThan(2);
    expect(readdirSync(out)).toContain('_temporary');
    cancel(session, controller);
    expect((await failureOf(written)).code).toBe('KILN_JOB_CANCELLED');
    expect(existsSync(out) ? filesUnder(out) : null).toEqual(before);
    if (mode === 'overwrite') expect(await session.read.parquet(out).count()).toBe(10);
    await expectNothingLeft(session);
  });
});

describe('cancelling', () => {
  it('before the action starts, and after it has ended, is no error of anybody', async () => {
    const session = await engine.start();
    await expect(session.range(3).collect({ signal: AbortSignal.abort(new Error('never mind')) })).rejects.toThrow(
      'never mind',
    );
    const controller = new AbortController();
    expect(await session.range(3).collect({ signal: controller.signal })).toHaveLength(3);
    controller.abort();
    session.cancelJob(0);
    session.cancelJob(4711);
    expect(await session.range(3).count()).toBe(3);
  });

  it('by leaving the loop over rows ends the job', async () => {
    const session = await engine.start();
    let first: number | undefined;
    for await (const row of slowNumbers(session, { splits: 50, chunks: 5, delay: 100 }).toLocalIterator()) {
      first = row.n;
      break;
    }
    expect(first).toBe(0);
    await expect
      .poll(() => engine.recorder.of('job-ended').map((event) => event.outcome), { timeout: 5_000 })
      .toEqual(['cancelled']);
    await expectNothingLeft(session);
  });

  it('by session.stop() ends everything at once', async () => {
    const session = await engine.start({ conf: noBroadcast, master: 'local[3]' });
    const rows = slowReduce(session).collect({ description: 'victim' });
    rows.catch(() => {});
    await untilRuns('result');
    const written = slowNumbers(session, { splits: 200, chunks: 100, delay: 100 }).write.parquet(engine.path('out'));
    written.catch(() => {});
    await expect.poll(() => existsSync(engine.path('out')), { timeout: 5_000, interval: 10 }).toBe(true);
    await session.stop();
    expect((await failureOf(rows)).message).toContain('the engine stops');
    expect((await failureOf(written)).message).toMatch(/stop/);
    expect(readdirSync(engine.localDir)).toEqual([]);
    expect(existsSync(engine.path('out'))).toBe(false);
  });

  it('by Ctrl-C of kiln run: exit code 130, no output, no files', async () => {
    const job = engine.path('job.yaml');
    writeFileSync(
      job,
      `name: slow
engine: { master: 'local[2]', conf: { spark.local.dir: ${engine.path('local')} }, plugins: [ ${fixturePlugin('slow-source')} ] }
sources: { numbers: { format: slow, path: x, options: { splits: 200, chunks: 10, delay: 100 } } }
steps: { counted: { sql: 'select n, count(*) as c from numbers group by n' } }
outputs: [ { from: numbers, format: parquet, path: out }, { from: counted, show: 10 } ]
`,
    );
    const kiln = startKiln(['run', job]);
    await expect.poll(() => existsSync(engine.path('out/_temporary')), { timeout: 20_000 }).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    kiln.interrupt();
    const { code, stderr } = await kiln.ended;
    expect(stderr).toContain('cancelled');
    expect(code).toBe(130);
    expect(existsSync(engine.path('out'))).toBe(false);
    expect(readdirSync(engine.localDir)).toEqual([]);
  });
});
