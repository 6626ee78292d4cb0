// kiln submit in client mode, as a user of spark-submit meets it.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EventLogReader, type LoggedEvent } from '@kiln/host/event-log';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startKiln } from './support/kiln.ts';
import { repository } from './support/paths.ts';

let folder = '';
beforeEach(() => {
  // Within the repository, where modules find their packages.
  mkdirSync(join(repository, 'tmp'), { recursive: true });
  folder = mkdtempSync(join(repository, 'tmp/submit-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, text: string) => {
  mkdirSync(join(folder, name, '..'), { recursive: true });
  writeFileSync(join(folder, name), text);
};
const submit = (...args: readonly string[]) => startKiln(['submit', ...args], { cwd: folder }).ended;
const shown = (code: string) => `import { Session } from '@kiln/client';\n${code}\n`;

/** What the engine started with, and its events. */
async function log(): Promise<{ settings: Readonly<Record<string, string>>; events: readonly LoggedEvent[] }> {
  const reader = await EventLogReader.open(join(folder, 'logs', readdirSync(join(folder, 'logs'))[0] ?? ''));
  return { settings: reader.header.settings, events: await reader.toArray() };
}

const conf = `spark.eventLog.enabled true
spark.eventLog.dir     logs
spark.task.maxFailures 4
spark.locality.wait    4s
spark.default.parallelism 4
spark.sql.shuffle.partitions = 4
spark.app.name of-the-file
`;

describe('the order of settings: code, options, file, defaults', () => {
  it('is what the engine of a module runs with', async () => {
    file('conf/spark-defaults.conf', conf);
    file(
      'app.ts',
      shown(`export default async function main(session: Session, args: readonly string[]) {
  console.log(JSON.stringify([args, process.argv.slice(2), session.master]));
  session.conf.set('spark.sql.shuffle.partitions', 1);
  const frame = session.range(0, 100).repartition('id');
  console.log((await frame.explainString('formatted')).match(/hash\\(id.*?, (\\d+)\\)|, (\\d+) partitions/)?.[0]);
  await frame.collect();
}`),
    );
    const flags = ['--master', 'local[2]', '--name', 'of-the-flag', '-c', 'spark.default.parallelism=3'];
    const { code, stdout, stderr } = await submit(
      ...flags,
      '--conf',
      'spark.locality.wait=3s',
      'app.ts',
      '2026',
      '--all',
    );
    expect([code, stderr.match(/error|warn/i)]).toEqual([0, null]);
    expect(stdout.split('\n')[0]).toBe('[["2026","--all"],["2026","--all"],"local[2]"]');
    const { settings, events } = await log();
    expect(settings).toMatchObject({
      'spark.locality.wait': '3s',
      'spark.task.maxFailures': '4',
      'spark.default.parallelism': '3',
    });
    // What the settings do: three tasks read the range, and one the shuffle that the code set.
    const tasks = events.flatMap((event) => (event.type === 'stage-submitted' ? [event.tasks] : []));
    expect(tasks).toEqual([3, 1]);
    expect(events[0]).toMatchObject({ type: 'engine-started', name: 'of-the-flag', master: 'local[2]' });
  });

  it('holds for sessions that a program makes itself', async () => {
    file('conf/spark-defaults.conf', conf);
    file(
      'app.mjs',
      shown(`const session = await Session.create({ master: 'local[1]', conf: { 'spark.locality.wait': '1s' } });
// Nobody waits for it, and nobody stops the session.
setTimeout(async () => console.log((await session.range(5).collect()).length), 100);`),
    );
    const { code, stdout, stderr } = await submit('--master', 'local[2]', '-c', 'spark.locality.wait=3s', 'app.mjs');
    expect([code, stdout]).toEqual([0, '5\n']);
    expect(stderr).toMatch(/\ndone in .*\n {2}1 stage, 4 tasks/);
    const { settings, events } = await log();
    expect(settings['spark.locality.wait']).toBe('1s');
    expect(events[0]).toMatchObject({ name: 'of-the-file', master: 'local[1]' });
    expect(events.at(-1)).toMatchObject({ type: 'engine-stopped' });
  });

  it('holds for job files, which come between options and file, and for kiln run', async () => {
    file('etc/spark-defaults.conf', conf);
    const engine = '{ master: "local[1]", conf: { spark.locality.wait: 2s, spark.default.parallelism: 2 } }';
    file(
      'job.yaml',
      `name: job\nengine: ${engine}\nsteps: { a: { sql: select id from range(9) } }\noutputs: [{ from: a, show: 9 }]\n`,
    );
    const env = { KILN_CONF_DIR: join(folder, 'etc') };
    for (const [command, ...rest] of [
      ['submit', 'job.yaml', 'outputs.0.show=3'],
      ['run', 'job.yaml', '--set', 'outputs.0.show=3'],
    ]) {
      const flags = ['-c', 'spark.locality.wait=1s'];
      const { code, stdout } = await startKiln([command ?? '', ...flags, ...rest], { cwd: folder, env }).ended;
      expect([code, stdout.split('\n').length]).toEqual([0, 9]);
      const { settings, events } = await log();
      expect(settings).toMatchObject({
        'spark.locality.wait': '1s',
        'spark.default.parallelism': '2',
        'spark.task.maxFailures': '4',
      });
      expect(events[0]).toMatchObject({ name: 'job', master: 'local[1]' });
      rmSync(join(folder, 'logs'), { recursive: true });
    }
  });
});

describe('an application that fails', () => {
  it.each([
    [
      'of an error of a job',
      `export default (session: Session) => session.sql('select 1 / (id - 3) as x from range(9)').collect();`,
      /\nDIVIDE_BY_ZERO: .*\n {2}Job 0 \(collect\) failed: .*\n$/,
    ],
    [
      'of its own error',
      `export default async () => {\n  throw new TypeError('no such flight');\n};`,
      /KILN_JOB_MODULE: app.ts failed\n {2}because: no such flight \(\/.*\/app.ts:3:9\)\n$/,
    ],
    ['of its own end', 'process.exit(3);', /^KILN_JOB_EXIT: .* exit code 3\.\n$/],
    ['of what it exports', 'export default 1;', /^KILN_JOB_MODULE: The default export of app.ts is no function\n/],
    ['of a rejection that nobody handles', "void Promise.reject(new Error('lost'));", /because: lost/],
    [
      'of its memory',
      'const kept: object[] = [];\nfor (let i = 0; ; i++) kept.push({ i });',
      /^KILN_JOB_OUT_OF_MEMORY: .* \(spark\.driver\.memory is 500m\)\.\n/,
    ],
  ])('%s says so', async (_, code, message) => {
    file('app.ts', shown(code));
    const result = await submit('--master', 'local[1]', '--driver-memory', '500m', 'app.ts');
    expect(result).toEqual({ code: 1, stdout: '', stderr: expect.stringMatching(message) });
  });

  it('by Ctrl-C ends soon', async () => {
    file(
      'app.ts',
      shown(`export default (session: Session) => session.sql('select sum(id * 2) from range(200000000000)').show();`),
    );
    const process = startKiln(
      [
        'submit',
        '--master',
        'local[2]',
        '-v',
        '-c',
        'spark.eventLog.enabled=true',
        '-c',
        'spark.eventLog.dir=logs',
        'app.ts',
      ],
      { cwd: folder },
    );
    const started = async () => (await log().catch(() => null))?.events.some((event) => event.type === 'task-started');
    await expect.poll(started, { timeout: 20_000 }).toBe(true);
    process.interrupt();
    expect(await process.ended).toMatchObject({
      code: 130,
      stdout: '',
      stderr: expect.stringMatching(/\ncancelled\n$/),
    });
    expect(readdirSync(join(folder, 'logs'))[0]).toMatch(/\.jsonl\.zst$/);
  });
});

it('--verbose says where each setting comes from', async () => {
  file('my.conf', 'spark.task.maxFailures 2\n');
  file('app.ts', 'export {};\n');
  const { stderr } = await submit('--properties-file', 'my.conf', '--master', 'local[2]', '--verbose', 'app.ts');
  expect(stderr).toMatch(`app.ts on local[2], deploy mode client
  spark.app.name          app       from the name of the file
  spark.master            local[2]  from --master
  spark.task.maxFailures  2         from my.conf:1
`);
});
