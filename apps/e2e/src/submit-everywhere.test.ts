// One application, submitted to every kind of master, in both deploy modes.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kill } from 'node:process';
import { readHistory } from '@kiln/host/event-log';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ClusterProcesses, clusterSecret } from './support/cluster.ts';
import { filesUnder, TestEngine } from './support/engine.ts';
import { startKiln } from './support/kiln.ts';
import { fixturePlugin, repository } from './support/paths.ts';
import { executorsOf } from './support/traces.ts';

const engine = new TestEngine();
const cluster = new ClusterProcesses(engine);
const poll = { timeout: 60_000 };

/** Within the repository, where the application finds @kiln/client. */
let folder = '';
beforeEach(() => {
  mkdirSync(join(repository, 'tmp'), { recursive: true });
  folder = mkdtempSync(join(repository, 'tmp/submit-'));
  writeFileSync(join(folder, 'app.ts'), application);
  writeFileSync(join(folder, 'words.txt'), 'a b a');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const application = `import { readFileSync } from 'node:fs';
import type { Session } from '@kiln/client';

export default async function main(session: Session, args: readonly string[]) {
  const words = readFileSync(session.file('words.txt'), 'utf8').split(' ');
  const counts = session.createDataFrame(words.map((word) => ({ word }))).groupBy('word').count().orderBy('word');
  await counts.show();
  const numbers = session.range(0, 1000, 1, 6).selectExpr('id % 7 as k').groupBy('k').count();
  console.log(args[0], (await numbers.collect()).length);
}
`;
const shown = `+----+-----+
|word|count|
+----+-----+
|   a|    2|
|   b|    1|
+----+-----+
night 7
`;

const submit = (...args: readonly string[]) => {
  const memory = ['--executor-memory', '512m', '--files', 'words.txt'];
  return startKiln(['submit', ...memory, ...args], { cwd: folder, env: { KILN_AUTH_SECRET: clusterSecret } });
};

describe('the same application gives the same', () => {
  it.each(['local[2]', 'local-cluster[2,1,1024]'])('on %s', async (master) => {
    const { code, stdout, stderr } = await submit('--master', master, 'app.ts', 'night').ended;
    expect([code, stdout], stderr).toEqual([0, shown]);
  });

  it('on a cluster, with the driver here', async () => {
    const { url } = await cluster.master();
    await cluster.worker(url);
    await cluster.worker(url);
    const log = ['-c', 'spark.eventLog.enabled=true', '-c', `spark.eventLog.dir=${engine.path('logs')}`];
    const { code, stdout, stderr } = await submit(
      '--master',
      url,
      '--total-executor-cores',
      '2',
      ...log,
      'app.ts',
      'night',
    ).ended;
    expect([code, stdout], stderr).toEqual([0, shown]);
    const history = await readHistory(filesUnder(engine.path('logs'))[0] ?? '');
    expect(history).toMatchObject({ name: 'app', master: url, isCut: false });
    expect(history.executors.map(({ slots }) => slots)).toEqual([1, 1]);
    expect(history.header.settings['spark.authenticate.secret']).toBeUndefined();
  });

  it('on a cluster, with the driver there', async () => {
    const { url } = await cluster.master();
    await cluster.worker(url, '--cores', '3', '--work-dir', engine.path('work'));
    const { code, stdout, stderr } = await submit('--master', url, '--deploy-mode', 'cluster', 'app.ts', 'night').ended;
    expect(code, stderr).toBe(0);
    const id = stdout.trim();
    const status = async () => (await submit('--master', url, '--status', id).ended).stdout;
    await expect.poll(status, poll).toMatch(/ finished on /);
    expect(readFileSync(join(engine.path('work'), id, '1/stdout'), 'utf8')).toBe(shown);
  });
});

it('a supervised driver is started again when it fails', async () => {
  const { url } = await cluster.master();
  await cluster.worker(url, '--cores', '2', '--work-dir', engine.path('work'));
  const mark = engine.path('mark');
  writeFileSync(
    join(folder, 'twice.ts'),
    `import { existsSync, writeFileSync } from 'node:fs';
const mark = ${JSON.stringify(mark)};
if (!existsSync(mark)) {
  writeFileSync(mark, '');
  throw new Error('the first time');
}
console.log('the second time');
`,
  );
  const { stdout } = await submit('--master', url, '--deploy-mode', 'cluster', '--supervise', 'twice.ts').ended;
  const id = stdout.trim();
  const status = async () => (await submit('--master', url, '--status', id).ended).stdout;
  await expect.poll(status, poll).toMatch(/ finished on .*, attempt 2/);
  expect(readFileSync(join(engine.path('work'), id, '2/stdout'), 'utf8')).toBe('the second time\n');
});

it('an executor that is killed is one line, and the job goes on', async () => {
  writeFileSync(
    join(folder, 'slow.ts'),
    `import { Session } from '@kiln/client';
await using session = await Session.create({ plugins: [${JSON.stringify(fixturePlugin('slow-source'))}] });
console.log(session.appId);
const frame = session.read.format('slow').options({ splits: 4, chunks: 60, delay: 20 }).load('numbers');
console.log((await frame.collect()).length);
`,
  );
  const logs = engine.path('logs');
  const process = submit(
    ...['--master', 'local-cluster[2,1,1024]', '-c', 'spark.eventLog.enabled=true', '-c', `spark.eventLog.dir=${logs}`],
    'slow.ts',
  );
  const log = () => (existsSync(logs) ? (filesUnder(logs)[0] ?? '') : '');
  const running = async () => (await readHistory(log()).catch(() => null))?.stages[0]?.tasks.length ?? 0;
  await expect.poll(running, poll).toBeGreaterThan(1);
  const { appId } = await readHistory(log());
  const [pid] = executorsOf(appId).values();
  kill(pid ?? 0, 'SIGKILL');
  const { code, stdout, stderr } = await process.ended;
  expect([code, stdout], stderr).toEqual([0, `${appId}\n2400\n`]);
  expect(stderr).toMatch(/^executor \d+.* is lost: .*SIGKILL.*; 1 task runs again$/m);
  expect(stderr).not.toContain('failed on executor');
  expect(stderr).toMatch(/ on \d executors \(1 lost\); read/);
});
