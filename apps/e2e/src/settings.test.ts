import { writeFileSync } from 'node:fs';
import { Session } from '@kiln/client';
import { describe, expect, it, vi } from 'vitest';
import { failureOf, TestEngine } from './support/engine.ts';
import { startKiln } from './support/kiln.ts';

const engine = new TestEngine();

describe('kiln sql --conf', () => {
  const run = (...conf: string[]) => {
    return startKiln(['sql', 'select 1 as one', '--format', 'csv', ...conf.flatMap((one) => ['--conf', one])]).ended;
  };

  it('warns of a name that is not known, with the nearest', async () => {
    const { code, stdout, stderr } = await run(
      'spark.sql.shufle.partitions=8',
      'kiln.shuffle.forcefile=true',
      'my.own=1',
    );
    expect([code, stdout]).toEqual([0, 'one\n1\n']);
    expect(stderr).toMatch(/warning: .*spark\.sql\.shufle\.partitions.*spark\.sql\.shuffle\.partitions/);
    expect(stderr).toMatch(/warning: .*kiln\.shuffle\.forcefile.*kiln\.shuffle\.forceFile/);
    expect(stderr).toMatch(/warning: my\.own is ignored/);
  });

  it.each([
    ['spark.sql.shuffle.partitions=many', /spark\.sql\.shuffle\.partitions.*many/s],
    ['spark.driver.maxResultSize=1x', /spark\.driver\.maxResultSize.*1x/s],
    ['spark.sql.ansi.enabled=perhaps', /spark\.sql\.ansi\.enabled.*perhaps/s],
    ['spark.sql.session.timeZone=Mars/Olympus', /spark\.sql\.session\.timeZone.*Mars\/Olympus/s],
  ])('refuses %s with exit code 2', async (conf, message) => {
    const { code, stdout, stderr } = await run(conf);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
  });

  it('refuses a master that nobody knows with exit code 2', async () => {
    const { code, stderr } = await startKiln(['sql', 'select 1', '--master', 'moon://base']).ended;
    expect(code).toBe(2);
    expect(stderr).toContain('moon://base');
  });
});

it('kiln run takes conf of the file, and of the command line over it', async () => {
  const job = engine.path('job.yaml');
  writeFileSync(
    job,
    `name: settings
engine: { master: 'local[1]', conf: { spark.sql.session.timeZone: UTC, spark.sql.ansi.enable: true } }
steps: { now: { sql: "select current_timezone() as zone" } }
outputs: [ { from: now, show: 1 } ]
`,
  );
  const plain = await startKiln(['run', job]).ended;
  expect([plain.code, plain.stdout]).toEqual([0, expect.stringContaining('UTC')]);
  expect(plain.stderr).toMatch(/warning: .*spark\.sql\.ansi\.enable.*spark\.sql\.ansi\.enabled/);
  const other = await startKiln(['run', job, '--conf', 'spark.sql.session.timeZone=Asia/Tokyo']).ended;
  expect([other.code, other.stdout]).toEqual([0, expect.stringContaining('Asia/Tokyo')]);
  const bad = await startKiln(['run', job, '--conf', 'spark.sql.session.timeZone=Nowhere']).ended;
  expect(bad.code).toBe(2);
});

describe('a session', () => {
  it('warns through onWarning, or the process', async () => {
    const heard: string[] = [];
    await using quiet = await Session.create({
      master: 'local[1]',
      conf: { 'spark.task.maxFailure': 3 },
      onWarning: (warning) => heard.push(warning),
    });
    expect(heard).toEqual([expect.stringContaining('spark.task.maxFailures')]);
    expect(quiet.warnings).toEqual(heard);
    const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    await using loud = await Session.create({ master: 'local[1]', conf: { 'spark.task.maxFailure': 3 } });
    expect(warnings.mock.calls[0]?.[0]).toBe(loud.warnings[0]);
    warnings.mockRestore();
  });

  it('refuses bad values at its start and in its queries', async () => {
    expect((await failureOf(Session.create({ conf: { 'spark.task.maxFailures': 'x' } }))).code).toBe(
      'KILN_SETTINGS_VALUE',
    );
    const session = await engine.start();
    session.conf.set('spark.sql.shuffle.partitions', 'x');
    expect((await failureOf(session.range(3).collect())).code).toBe('KILN_SETTINGS_VALUE');
    session.conf.unset('spark.sql.shuffle.partitions');
    expect(await session.range(3).collect()).toHaveLength(3);
  });

  it('takes settings for later queries', async () => {
    const session = await engine.start();
    session.conf.set('spark.sql.shuffle.partitions', 5);
    session.conf.set('spark.sql.adaptive.coalescePartitions.enabled', false);
    engine.recorder.clear();
    await session.range(0, 100, 1, 2).groupBy('id').count().collect();
    expect(engine.recorder.of('stage-submitted').map((event) => event.tasks)).toEqual([2, 5]);
  });
});
