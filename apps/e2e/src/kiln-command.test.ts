// The command as a newcomer meets it: in an empty folder, with mistakes.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startKiln } from './support/kiln.ts';
import { repository } from './support/paths.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kiln-command-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const kiln = (...args: readonly string[]) => startKiln(args, { cwd: folder }).ended;
const job = (text: string) => writeFileSync(join(folder, 'job.yaml'), `name: test\n${text}`);
const simple = 'steps: { a: { sql: select id from range(10) } }\n';

describe('kiln run', () => {
  it('writes once, and not again unless it is told to', async () => {
    job(`${simple}outputs: [{ from: a, format: parquet, path: out }]\n`);
    expect(await kiln('run', 'job.yaml')).toMatchObject({ code: 0, stdout: '' });
    const { code, stderr } = await kiln('run', 'job.yaml');
    expect(code).toBe(1);
    expect(stderr).toBe(`KILN_OUTPUT_EXISTS: The output path '${join(folder, 'out')}' is not empty
  at job.yaml:3:45 (output 1)
  3 | outputs: [{ from: a, format: parquet, path: out }]
    |                                             ^
  Choose another path, or set mode to 'overwrite' or 'append'
`);
    const again = await kiln('run', 'job.yaml', '--set', 'outputs.0.mode=overwrite');
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('a -> out: 10 rows, ') });
  });

  it.each([
    [
      'a source that is not there',
      'sources: { f: { format: csv, path: data/f.csv } }\noutputs: [{ from: f, show: 1 }]\n',
      1,
      () => `KILN_SOURCE_NOT_FOUND: Path does not exist: ${join(folder, 'data/f.csv')}
  at job.yaml:2:36 (source f)
  2 | sources: { f: { format: csv, path: data/f.csv } }
    |                                    ^
  '${folder}' is there, but nothing in it is named 'data'
  because: ENOENT: no such file or directory, stat '${join(folder, 'data/f.csv')}'
`,
    ],
    [
      'an output format that does not exist',
      `${simple}outputs: [{ from: a, format: parket, path: out }]\n`,
      2,
      () => `KILN_OUTPUT_FORMAT: Files of format 'parket' cannot be written
  at job.yaml:3:30 (output 1)
  3 | outputs: [{ from: a, format: parket, path: out }]
    |                              ^
  Did you mean 'parquet'? Known: parquet, csv
`,
    ],
    [
      'a setting in the wrong place',
      `master: local[2]\n${simple}outputs: [{ from: a, show: 1 }]\n`,
      2,
      () => `job.yaml:2:1: "master" is not known in a job file.
  2 | master: local[2]
    | ^
  It belongs under "engine".
`,
    ],
    [
      'a query with a comma that is not in quotes',
      'steps: { a: { sql: select id, id + 1 from range(10) } }\noutputs: [{ from: a, show: 1 }]\n',
      2,
      () => `job.yaml:2:31: "id + 1 from range(10)" is not known in step "a".
  2 | steps: { a: { sql: select id, id + 1 from range(10) } }
    |                               ^
  Within { } a comma ends a value: put a text that has one in quotes.
`,
    ],
    [
      'a wrong column',
      'steps:\n  a:\n    sql: |\n      select id\n      from (select 1 as idd)\noutputs: [{ from: a, show: 1 }]\n',
      1,
      () =>
        expect.stringMatching(
          /^UNRESOLVED_COLUMN.WITH_SUGGESTION: .*`idd`.*\n {2}at job.yaml:5:14 \(step a\)\n/,
        ) as string,
    ],
    [
      'plugins that are not there',
      `engine: { plugins: ['@acme/none', ./none] }\n${simple}outputs: [{ from: a, show: 1 }]\n`,
      2,
      () =>
        expect.stringMatching(/^KILN_PLUGINS: .*\n.*'@acme\/none' is not installed.*\n.*'\.\/none' has no/) as string,
    ],
  ])('says what is wrong with %s', async (_name, text, exitCode, message) => {
    job(text);
    expect(await kiln('run', 'job.yaml')).toEqual({ code: exitCode, stdout: '', stderr: message() });
    expect(existsSync(join(folder, 'out'))).toBe(false);
  });

  it('tells the reason of a failure once, then where it was', async () => {
    job('steps: { a: { sql: select 1 / (id - 3) as x from range(10) } }\noutputs: [{ from: a, show: 10 }]\n');
    const { code, stderr } = await kiln('run', 'job.yaml', '--master', 'local[1]');
    expect(code).toBe(1);
    const report = stderr.slice(stderr.indexOf('DIVIDE_BY_ZERO:'));
    expect(report).toMatch(
      /^DIVIDE_BY_ZERO: Division by zero[^\n]*\n {2}Job 0 \(output 1: a\) failed: partition 0 of stage \d \([^\n]+\) failed\n$/,
    );
  });

  it('names a file that is not there, or a folder', async () => {
    expect(await kiln('run', 'job.yaml')).toEqual({
      code: 2,
      stdout: '',
      stderr: 'job.yaml: there is no such file.\n',
    });
    mkdirSync(join(folder, 'job.yaml'));
    expect((await kiln('run', 'job.yaml')).stderr).toBe('job.yaml: it is a folder, not a job file.\n');
  });

  it('writes its files though nobody reads what it shows', async () => {
    const shown = '{ from: a, show: 20000 }';
    job(
      `steps: { a: { sql: select id from range(20000) } }\noutputs: [${shown}, ${shown}, { from: a, format: csv, path: out }]\n`,
    );
    const { code, read } = await readABit(['run', 'job.yaml']);
    expect(code).toBe(0);
    expect(read).toBeGreaterThan(0);
    expect(existsSync(join(folder, 'out/_SUCCESS'))).toBe(true);
  });

  it('ends soon after Ctrl-C, and leaves no output', async () => {
    job(
      'steps: { a: { sql: select id * 2 as id from range(20000000000) } }\noutputs: [{ from: a, format: csv, path: out }]\n',
    );
    const process = startKiln(['run', 'job.yaml', '--master', 'local[2]'], { cwd: folder });
    await expect.poll(() => existsSync(join(folder, 'out/_temporary')), { timeout: 20_000 }).toBe(true);
    process.interrupt();
    expect(await process.ended).toMatchObject({ code: 130, stderr: expect.stringMatching(/\ncancelled\n$/) });
    expect(existsSync(join(folder, 'out'))).toBe(false);
  });
});

/** Runs it, reads one chunk of its output, and closes the pipe. */
async function readABit(args: readonly string[]): Promise<{ code: unknown; read: number }> {
  const child = spawn(process.execPath, [join(repository, 'apps/cli/bin/kiln.js'), ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let read = 0;
  child.stdout.on('data', (data: Buffer) => {
    read += data.length;
    child.stdout.destroy();
  });
  return { code: await new Promise((resolve) => child.on('close', resolve)), read };
}

describe('kiln sql', () => {
  it.each(['csv', 'json'])('stops when nobody reads its %s any more', async (format) => {
    const { code, read } = await readABit(['sql', 'select * from range(30000000)', '--format', format]);
    expect(code).toBe(0);
    expect(read).toBeGreaterThan(0);
  });

  it('prints every row, however many', async () => {
    const { code, stdout } = await kiln('sql', 'select id from range(0, 100000, 1, 5)', '--format', 'csv');
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toEqual(['id', ...Array.from({ length: 100_000 }, (_, id) => String(id))]);
  });
});
