import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { submitRequest } from '../submit/request.ts';
import { driverDescription } from './driver-description.ts';

const folder = mkdtempSync(join(tmpdir(), 'kiln-description-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (path: string, text: string | Uint8Array) => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
  return join(folder, path);
};
const describeDriver = async (path: string, args: readonly string[], flags: Readonly<Record<string, unknown>>) => {
  const given = { conf: {}, verbose: false, master: 'kiln://host:7077', deployMode: 'cluster', ...flags };
  return driverDescription(await submitRequest(path, args, given, join(folder, 'no-conf')));
};
const text = (base64: string | undefined) => Buffer.from(base64 ?? '', 'base64').toString();

describe('the description of a driver', () => {
  test('of a module has its files and those of --files, settings without the secret, resources', async () => {
    const app = file('app/main.ts', `import '../lib/a.ts';\n`);
    file('lib/a.ts', 'export {};\n');
    const table = file('tables/lookup.csv', 'a,b\n');
    const description = await describeDriver(app, ['2026', '--all'], {
      ...{ files: table, driverMemory: '512m', driverCores: '2', supervise: true, name: 'night' },
      conf: { 'spark.authenticate.secret': 'hush', 'spark.task.maxFailures': '2' },
    });
    expect(description).toMatchObject({
      name: 'night',
      application: { type: 'module', path: 'app/main.ts', arguments: ['2026', '--all'] },
      resources: { cores: 2, memoryBytes: 512 * 2 ** 20 },
      supervise: true,
    });
    expect(description.conf).toEqual({
      'spark.app.name': 'night',
      'spark.driver.cores': '2',
      'spark.driver.memory': '512m',
      'spark.driver.supervise': 'true',
      'spark.files': 'lookup.csv',
      'spark.master': 'kiln://host:7077',
      'spark.submit.deployMode': 'cluster',
      'spark.task.maxFailures': '2',
    });
    expect(description.files.map(({ path, base64 }) => [path, text(base64)])).toEqual([
      ['app/main.ts', `import '../lib/a.ts';\n`],
      ['lib/a.ts', 'export {};\n'],
      ['lookup.csv', 'a,b\n'],
    ]);
  });

  test('of a job file has the modules of its steps, and paths of data that mean the same there', async () => {
    const job = file(
      'job.yaml',
      `name: job
sources:
  a: { format: csv, path: data/a.csv }
  b: { format: csv, path: [data/b.csv, /abs/b.csv, 's3://bucket/b.csv'] }
steps: { top: { module: ./steps.ts, function: top, inputs: [a] } }
outputs: [{ from: top, show: 1 }, { from: top, format: parquet, path: out }]
`,
    );
    file('steps.ts', 'export const top = () => {};\n');
    const { application, files, resources } = await describeDriver(job, ['outputs.0.show=5'], {});
    expect(application).toEqual({
      type: 'job-file',
      path: 'job.yaml',
      set: [
        'outputs.0.show=5',
        `sources.a.path="${folder}/data/a.csv"`,
        `sources.b.path=["${folder}/data/b.csv","/abs/b.csv","s3://bucket/b.csv"]`,
        `outputs.1.path="${folder}/out"`,
      ],
    });
    expect(files.map(({ path }) => path)).toEqual(['job.yaml', 'steps.ts']);
    expect(resources).toEqual({ cores: 1, memoryBytes: 2 ** 30 });
  });

  test('cannot have two files of one name, or too large ones', async () => {
    const app = file('main.ts', 'export {};');
    const [one, two] = [file('one/x.csv', '1'), file('two/x.csv', '2')];
    await expect(describeDriver(app, [], { files: `${one},${two}` })).rejects.toMatchObject({
      code: 'KILN_ARGUMENT',
      message: expect.stringContaining(`${one} and ${two} would both be x.csv`),
    });
    const large = file('large', Buffer.alloc(9 * 2 ** 20));
    await expect(describeDriver(app, [], { files: large })).rejects.toMatchObject({
      message: 'The files of the application have 10 MiB together',
    });
  });
});
