import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { TestEngine } from './support/engine.ts';
import { startKiln } from './support/kiln.ts';
import { repository } from './support/paths.ts';

const engine = new TestEngine();
const source = join(repository, 'apps/examples/external-plugin');
const folder = () => engine.path('user');
const inFolder = (...parts: readonly string[]) => engine.path('user', ...parts);

/** Without the settings that npm hands to its scripts: this npm serves another folder. */
function run(command: string, args: readonly string[], cwd: string): string {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
  return execFileSync(command, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Three jobs at once on one slot: two long ones, then one in a hurry. Shows in which order their tasks started. */
const steps = `
export async function race(session) {
  const names = new Map();
  const started = [];
  session.listen((event) => {
    if (event.type === 'job-started') names.set(event.jobId, event.description);
    if (event.type === 'task-started') started.push(names.get(event.task.jobId));
  });
  const start = (pool, description) => {
    session.conf.set('spark.scheduler.pool', pool);
    return session.range(0, 16_000_000, 1, 8).filter('sqrt(id) < 0').collect({ description });
  };
  const long = [start('nightly', 'long 1'), start('nightly', 'long 2')];
  while (names.size < 2 || started.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await Promise.all([...long, start('urgent', 'short')]);
  return session.createDataFrame([{ order: started.join(' < ') }]);
}
`;

const jobFile = (plugins: string) => `name: race
engine:
  master: local[1]
  plugins: ${plugins}
steps:
  race: { module: ./steps.mjs, function: race }
outputs:
  - { from: race, show: 1, truncate: 1000 }
`;

const withDeadlines =
  "[ { package: '@acme/deadline-scheduler', config: { deadlines: { urgent: 1, nightly: 3600 } } } ]";

/** Jobs of the tasks, in order of their start. */
async function runRace(plugins: string): Promise<readonly string[]> {
  writeFileSync(inFolder('job.yaml'), jobFile(plugins));
  const { code, stdout, stderr } = await startKiln(['run', 'job.yaml'], { cwd: folder() }).ended;
  expect(code, stderr).toBe(0);
  return /(?:(?:long|short)[ \d]*< )+\w+(?: \d)?/.exec(stdout)?.[0].split(' < ') ?? [];
}

describe('a plugin from outside, installed from its tarball beside a job file', () => {
  beforeEach(() => {
    mkdirSync(folder());
    run('npm', ['pack', '--pack-destination', engine.path(), source], engine.path());
    const [tarball] = readdirSync(engine.path()).filter((name) => name.endsWith('.tgz'));
    expect(tarball).toBe('acme-deadline-scheduler-1.0.0.tgz');
    writeFileSync(inFolder('package.json'), '{ "name": "user", "private": true }');
    writeFileSync(inFolder('steps.mjs'), steps);
    // Peers are what `npm link` brings below: no registry has them.
    run('npm', ['install', '--offline', '--no-audit', '--no-fund', '--legacy-peer-deps', `../${tarball}`], folder());
  });

  /** What `npm link @kiln/contracts` does. */
  const linkContracts = () => {
    mkdirSync(inFolder('node_modules/@kiln'), { recursive: true });
    symlinkSync(join(repository, 'libs/contracts'), inFolder('node_modules/@kiln/contracts'), 'dir');
  };

  it('decides in which order the tasks of a busy engine run', async () => {
    linkContracts();
    expect(existsSync(inFolder('node_modules/@acme/deadline-scheduler/deadline-policy.test.js'))).toBe(false);
    const plugin = createRequire(inFolder('node_modules/@acme/deadline-scheduler/package.json'));
    expect(plugin.resolve('@kiln/contracts/package.json')).toBe(
      realpathSync(join(repository, 'libs/contracts/package.json')),
    );

    const fifo = await runRace('[]');
    expect(fifo).toHaveLength(24);
    expect(fifo.slice(-8)).toEqual(Array(8).fill('short'));

    const deadline = await runRace(withDeadlines);
    expect(deadline.toSorted()).toEqual(fifo.toSorted());
    const first = deadline.indexOf('short');
    expect(deadline.slice(first, first + 8)).toEqual(Array(8).fill('short'));
    expect(deadline.slice(first + 8).length).toBeGreaterThanOrEqual(12);
  });

  it('with a wrong config is refused before anything runs', async () => {
    linkContracts();
    writeFileSync(
      inFolder('job.yaml'),
      jobFile("[ { package: '@acme/deadline-scheduler', config: { deadlines: { urgent: soon } } } ]"),
    );
    const { code, stdout, stderr } = await startKiln(['run', 'job.yaml'], { cwd: folder() }).ended;
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/deadline-scheduler.*config\.deadlines\.urgent must be number/s);
  });

  it('with a copy of @kiln/contracts of its own is refused', async () => {
    cpSync(join(repository, 'libs/contracts'), inFolder('node_modules/@kiln/contracts'), {
      recursive: true,
      filter: (path) => !path.includes('/src'),
    });
    writeFileSync(inFolder('job.yaml'), jobFile(withDeadlines));
    const { code, stderr } = await startKiln(['run', 'job.yaml'], { cwd: folder() }).ended;
    expect(code).toBe(2);
    expect(stderr).toMatch(/'deadline-scheduler' brings its own copy of @kiln\/contracts .*peer dependency/s);
  });
});

it('the plugin passes its own test, with the conformance suite', () => {
  const vitest = createRequire(import.meta.url)
    .resolve('vitest/package.json')
    .replace('package.json', 'vitest.mjs');
  const json = engine.path('report.json');
  run(process.execPath, [vitest, 'run', '--root', source, '--reporter', 'json', '--outputFile', json], source);
  const report = JSON.parse(readFileSync(json, 'utf8')) as { numPassedTests: number; numFailedTests: number };
  expect(report).toMatchObject({ numPassedTests: 2, numFailedTests: 0 });
});
