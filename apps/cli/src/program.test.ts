import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KilnError } from '@kiln/base';
import { describe, expect, test } from 'vitest';
import { runCli } from './program.ts';
import { FakeEngine, fakeEnvironment } from './test-support/fake-environment.ts';

const folder = mkdtempSync(join(tmpdir(), 'kiln-cli-'));
const jobFile = join(folder, 'job.yaml');
writeFileSync(
  jobFile,
  `name: flights
sources: { flights: { format: parquet, path: flights.parquet } }
steps:
  late:
    sql: |
      select state,
        dely from flights
outputs:
  - { from: late, show: 10 }
  - { from: late, format: csv, path: out }
`,
);
const misspelt = new KilnError('UNRESOLVED_COLUMN', 'There is no column dely.', {
  position: { line: 2, column: 3 },
  hint: 'Did you mean delay?',
});

describe('kiln', () => {
  test('tells newcomers what there is', async () => {
    const { environment, written } = fakeEnvironment();
    expect(await runCli(['--help'], environment)).toBe(0);
    expect(written.stdout).toContain('$ kiln run job.yaml');
    expect(written.stdout).not.toContain('default: {}');
    expect(await runCli(['--version'], environment)).toBe(0);
    expect(written.stdout).toMatch(/\n\d+\.\d+\.\d+\n$/);
  });

  test.each([
    [['rnu', 'job.yaml'], 'Did you mean run?'],
    [['run'], "missing required argument 'file'"],
    [['run', 'a.yaml', '--dryrun'], 'Did you mean --dry-run?'],
    [['sql', 'select 1', '--format', 'xml'], 'Allowed choices are table, csv, json'],
    [['sql', 'select 1', '--conf', 'x'], 'It has the form name=value.'],
    [['sql', 'select 1', '--rows', '0'], 'It is not a whole number above 0.'],
    [['sql'], 'kiln sql needs one query'],
    [['sql', 'select 1', '-f', 'x.sql'], 'kiln sql needs one query'],
    [['sql', '-f', '/no/such.sql'], '/no/such.sql cannot be read: there is no such file'],
    [['sql', '-f', folder], 'it is a folder'],
    [['run', folder], 'it is a folder, not a job file'],
    [['run', '/no/such.yaml'], 'there is no such file'],
    [['run', jobFile, '--set', 'engine.mastre=x'], 'Did you mean "master"?'],
    [['explain', jobFile, '--step', 'lade'], 'Did you mean "late"?'],
    [['master', '--port', '70000'], 'It is not a port.'],
    [['worker'], "missing required argument 'master'"],
    [['worker', 'spark://host:7077'], "'spark://host:7077' is not the URL of a cluster"],
    [['worker', 'kiln://host', '--cores', '0'], 'It is not a whole number above 0.'],
    [['worker', 'kiln://host', '--secret-file', '/no/such'], "The cluster's secret is missing"],
    [['cluster', 'status', '--master', 'local[2]'], "'local[2]' is not the URL of a cluster"],
    [['master', '--conf', 'spark.deploy.recoveryMode=FILESYSTEM'], 'needs a directory'],
    [['submit'], 'kiln submit needs an application: a job file or a module'],
    [['submit', '--executor-mem', '2g', 'app.ts'], 'Did you mean --executor-memory?'],
    [
      ['submit', '--jars', 'a.jar', 'app.ts'],
      '--jars is an option of spark-submit that Kiln does not have: nothing of Kiln runs on a JVM',
    ],
    [['submit', '--master'], "option '--master <url>' argument missing"],
    [['submit', '-c', 'spark.cores.max', 'app.ts'], 'It has the form name=value.'],
    [['submit', '--properties-file', '/no/such.conf', jobFile], '/no/such.conf cannot be read: there is no such file'],
    [['submit', '--kill', 'x'], '--kill needs the URL of a cluster'],
    [
      ['submit', '--status', 'x', '--master', 'local[2]'],
      '--status needs the URL of a cluster; local[2] runs no drivers',
    ],
    [
      ['submit', '--status', 'x', '--master', 'kiln://a:1', jobFile],
      '--status asks about a driver and submits nothing',
    ],
    [['submit', '--status', 'x', '--kill', 'y'], 'One of --kill and --status is enough'],
    [['history', 'shwo', 'x'], 'Did you mean show?'],
    [['history', 'show', '/no/such.jsonl'], '/no/such.jsonl cannot be read: there is no such file'],
  ])('%j is a usage error', async (args, message) => {
    const { environment, written } = fakeEnvironment();
    expect(await runCli(args, environment)).toBe(2);
    expect(written.stderr).toContain(message);
    expect(written.stdout).toBe('');
  });
});

describe('kiln sql', () => {
  test('prints a table, CSV or JSON', async () => {
    const { environment, written, sessions } = fakeEnvironment();
    expect(
      await runCli(['sql', 'select 1', '--conf', 'a=b=c', '--conf', 'd=e', '--master', 'local[2]'], environment),
    ).toBe(0);
    expect(written.stdout).toBe('a table of at most 100 rows\n');
    expect(sessions).toEqual([{ name: 'kiln sql', master: 'local[2]', conf: { a: 'b=c', d: 'e' } }]);
    written.stdout = '';
    await runCli(['sql', '-f', '-', '--format', 'csv'], environment);
    expect(written.stdout).toBe('state,flights\nTX,9007199254740993\n"a,""b""",\n,1\n');
    written.stdout = '';
    await runCli(['sql', 'select 1;', '--format', 'json'], environment);
    expect(written.stdout).toBe(
      '{"state":"TX","flights":9007199254740993}\n{"state":"a,\\"b\\"","flights":null}\n{"state":null,"flights":1}\n',
    );
    expect(written.stderr).toBe('');
  });

  test.each([true, false])('says nothing about the end of its own engine (terminal: %s)', async (isTTY) => {
    const { environment, written } = fakeEnvironment(new FakeEngine(), isTTY);
    expect(await runCli(['sql', 'select 1'], environment)).toBe(0);
    expect(written.stderr).toBe('');
  });

  test('shows where a query is wrong', async () => {
    const engine = new FakeEngine();
    engine.before = () => {
      throw misspelt;
    };
    const { environment, written } = fakeEnvironment(engine);
    expect(await runCli(['sql', 'select state,\n  dely from t'], environment)).toBe(1);
    expect(written.stderr).toBe(`UNRESOLVED_COLUMN: There is no column dely.
  at query:2:3
  2 |   dely from t
    |   ^
  Did you mean delay?
`);
  });
});

test('kiln sql says that it runs one query', async () => {
  const engine = new FakeEngine();
  engine.before = () => {
    throw new KilnError('PARSE_SYNTAX_ERROR', 'Syntax error', { position: { line: 2, column: 2 } });
  };
  const { environment, written } = fakeEnvironment(engine);
  expect(await runCli(['sql', 'select 1;\n select 2'], environment)).toBe(1);
  expect(written.stderr).toContain('  kiln sql runs one query\n');
});

describe('kiln run', () => {
  test('prints results, and a summary beside them', async () => {
    const engine = new FakeEngine();
    const { environment, written, pass } = fakeEnvironment(engine);
    engine.before = () => pass(1600);
    expect(await runCli(['run', jobFile], environment)).toBe(0);
    expect(written.stdout).toBe('a table of at most 10 rows\n');
    expect(written.stderr).toBe(`done in 3.2 s
  late -> out: 1,234 rows, 2 files, 1.5 KiB
  0 stages, 0 tasks; read 0 B, shuffled 0 B, spilled 0 B
`);
  });

  test('points into the job file', async () => {
    const engine = new FakeEngine();
    engine.before = () => {
      throw misspelt;
    };
    const { environment, written } = fakeEnvironment(engine);
    expect(await runCli(['run', jobFile], environment)).toBe(1);
    expect(written.stderr).toBe(`UNRESOLVED_COLUMN: There is no column dely.
  at ${jobFile}:7:9 (step late)
  7 |         dely from flights
    |         ^
  Did you mean delay?
`);
  });

  test('a dry run names every column', async () => {
    const { environment, written } = fakeEnvironment();
    expect(await runCli(['run', jobFile, '--dry-run'], environment)).toBe(0);
    expect(written.stdout).toBe('flights: state string, flights bigint\nlate: state string, flights bigint\n');
    expect(written.stderr).toContain('can run');
  });

  test('Ctrl-C cancels, a second one ends', async () => {
    const engine = new FakeEngine();
    const { environment, written, exits, interrupt, pass } = fakeEnvironment(engine);
    engine.before = (_, signal) => {
      interrupt();
      interrupt();
      pass(1000);
      interrupt();
      signal?.throwIfAborted();
    };
    expect(await runCli(['run', jobFile], environment)).toBe(130);
    expect(exits).toEqual([130]);
    expect(written.stderr).toBe('cancelling; Ctrl-C again ends it at once\ncancelled\n');
  });
});

describe('kiln submit', () => {
  test('runs a job file as kiln run does; arguments put values into it', async () => {
    const { environment, written, sessions } = fakeEnvironment();
    const flags = ['--master', 'local[2]', '--name', 'mine', '-c', 'spark.task.maxFailures=2'];
    expect(await runCli(['submit', ...flags, jobFile, 'outputs.0.show=7'], environment)).toBe(0);
    expect(written.stdout).toBe('a table of at most 7 rows\n');
    expect(written.stderr).toContain('  late -> out: 1,234 rows, 2 files, 1.5 KiB\n');
    expect(sessions).toMatchObject([{ name: 'mine', master: 'local[2]', conf: { 'spark.task.maxFailures': '2' } }]);
  });

  test('has the options of spark-submit in its help, under headings', async () => {
    const { environment, written } = fakeEnvironment();
    expect(await runCli(['submit', '--help'], environment)).toBe(0);
    for (const heading of ['Options:', 'Driver:', 'Executors:', 'Cluster deploy mode:', 'YARN:'])
      expect(written.stdout).toContain(`\n${heading}\n`);
  });
});

test('kiln explain prints outputs or one step', async () => {
  const { environment, written } = fakeEnvironment();
  expect(await runCli(['explain', jobFile], environment)).toBe(0);
  expect(written.stdout).toContain('-- output 1: late, 10 rows\n== Physical Plan ==\nPlanOflimit\n');
  expect(written.stdout).toContain(`-- output 2: late to ${join(folder, 'out')}\n== Physical Plan ==\nPlanOfwrite\n`);
  written.stdout = '';
  expect(await runCli(['explain', jobFile, '--step', 'late', '--mode', 'extended'], environment)).toBe(0);
  expect(written.stdout).toContain('-- late\n== Parsed Logical Plan ==\nU\n');
});
