import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type SubmitFlags, submitRequest } from './request.ts';
import { settingsText } from './settings-text.ts';

const folder = mkdtempSync(join(tmpdir(), 'kiln-submit-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string, text = '') => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const module = file('night-job.ts');
const job = file(
  'job.yaml',
  `name: of the job file
engine: { master: 'local[3]', conf: { spark.executor.memory: 3g, spark.task.maxFailures: 3 } }
outputs: [{ from: a, show: 1 }]
steps: { a: { sql: select 1 } }
`,
);
mkdirSync(join(folder, 'etc'));
const defaults = file(
  'etc/spark-defaults.conf',
  'spark.executor.memory 4g\nspark.task.maxFailures 4\nspark.cores.max 4\n',
);
const flags = (changes: Partial<SubmitFlags> = {}): SubmitFlags => ({ conf: {}, verbose: false, ...changes });
const request = (path: string, changes: Partial<SubmitFlags> = {}, args: readonly string[] = []) =>
  submitRequest(path, args, flags(changes), join(folder, 'etc'));

describe('settings of a submission', () => {
  test('an option wins over --conf, --conf over the job file, that over the file with defaults', async () => {
    const { conf, master } = await request(job, { executorMemory: '1g', conf: { 'spark.executor.memory': '2g' } });
    expect(conf).toEqual({
      'spark.app.name': 'of the job file',
      'spark.master': 'local[3]',
      'spark.executor.memory': '1g',
      'spark.task.maxFailures': '3',
      'spark.cores.max': '4',
    });
    expect(master).toBe('local[3]');
    const of = async (path: string, changes: Partial<SubmitFlags>) =>
      (await request(path, changes)).conf['spark.executor.memory'];
    expect(await of(job, { conf: { 'spark.executor.memory': '2g' } })).toBe('2g');
    expect(await of(job, {})).toBe('3g');
    expect(await of(module, {})).toBe('4g');
    expect(await of(module, { propertiesFile: file('p.conf', 'spark.executor.memory 5g') })).toBe('5g');
    expect(await of(module, { propertiesFile: file('p.conf', '') })).toBeUndefined();
  });

  test.each([
    ['master', 'local[7]', 'spark.master'],
    ['name', 'x', 'spark.app.name'],
    ['driverMemory', '1g', 'spark.driver.memory'],
    ['driverCores', '2', 'spark.driver.cores'],
    ['executorMemory', '1g', 'spark.executor.memory'],
    ['executorCores', '2', 'spark.executor.cores'],
    ['numExecutors', '2', 'spark.executor.instances'],
    ['totalExecutorCores', '2', 'spark.cores.max'],
    ['deployMode', 'client', 'spark.submit.deployMode'],
    ['files', module, 'spark.files'],
    ['queue', 'q', 'spark.yarn.queue'],
  ])('%s sets its property', async (flag, value, property) => {
    const { conf, settings } = await request(module, { [flag]: value });
    expect(conf[property]).toBe(value);
    const origin = `--${flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    expect(settings.find(({ name }) => name === property)?.origin).toBe(origin);
  });

  test('--verbose shows where each was set, and no secret', async () => {
    const changes = { conf: { 'spark.authenticate.secret': 'hush' }, master: 'local[2]', numExecutors: '2' };
    const submitted = await request(job, changes, ['outputs.0.show=2']);
    expect(settingsText(submitted)).toBe(`${job} outputs.0.show=2 on local[2], deploy mode client
  spark.app.name             of the job file      from ${job}
  spark.authenticate.secret  *********(redacted)  from --conf
  spark.cores.max            4                    from ${defaults}:3
  spark.executor.instances   2                    from --num-executors
  spark.executor.memory      3g                   from ${job}
  spark.master               local[2]             from --master
  spark.task.maxFailures     3                    from ${job}
`);
    expect(submitted.warnings).toEqual(['--num-executors has no effect on local[2]']);
  });

  test('a module has the name of its file', async () => {
    expect((await request(module)).conf['spark.app.name']).toBe('night-job');
  });
});

describe('a submission that cannot be', () => {
  test('has options behind a job file', async () => {
    await expect(request(job, {}, ['--verbose'])).rejects.toMatchObject({
      message: `--verbose stands behind ${job}, where values for the job file stand`,
    });
  });

  test.each([
    [join(folder, 'none.ts'), {}, `${join(folder, 'none.ts')} cannot be submitted: there is no such file`],
    [file('app.jar'), {}, `${join(folder, 'app.jar')} is neither a job file nor a module`],
    [module, { executorMemory: 'much' }, "--executor-memory: spark.executor.memory is 'much', but must be a size"],
    [
      module,
      { deployMode: 'yarn' },
      "--deploy-mode: spark.submit.deployMode is 'yarn', but must be one of client, cluster",
    ],
    [module, { files: 'a.csv' }, '--files: there is no file a.csv'],
    [module, { deployMode: 'cluster' }, 'local[*] cannot run a driver: --deploy-mode needs a cluster'],
    [module, { supervise: true }, '--supervise is for drivers that a cluster runs'],
    [
      module,
      { propertiesFile: file('bad.conf', '\nspark.cores.max lots\nspark.task.cpus 0\n') },
      `2 settings have bad values:\n- ${join(folder, 'bad.conf')}:2: spark.cores.max is 'lots'`,
    ],
  ])('%s %j says why', async (path, changes, message) => {
    await expect(request(path, changes)).rejects.toMatchObject({ message: expect.stringContaining(message) });
  });
});
