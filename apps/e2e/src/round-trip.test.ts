import { readFileSync } from 'node:fs';
import type { DataFrame, Session } from '@kiln/client';
import { describe, expect, it } from 'vitest';
import { expectNothingRuns, failureOf, filesUnder, slowNumbers, TestEngine } from './support/engine.ts';

const engine = new TestEngine();
const out = () => engine.path('out');
const dataFiles = () => filesUnder(out()).filter((file) => /\/part-[^/]+$/.test(file));

/** Text that a careless writer or reader breaks. */
const texts = [
  'plain',
  null,
  'a,b',
  'say "hi"',
  '"',
  'line 1\nline 2',
  'return\r\nand line',
  'back\\slash',
  'ends with \\',
  ' spaces ',
  '#hash',
  'ünï 🦊',
  'null',
];
const schema =
  'id int, s string, d decimal(20,3), day date, at timestamp, x double, flag boolean, small smallint, l bigint';

function tricky(session: Session): DataFrame {
  const rows = texts.map((s, id) => ({ id, s }));
  return session
    .createDataFrame(rows, 'id int, s string')
    .selectExpr(
      'id',
      's',
      "if(id = 1, null, cast('-12345678901234567.125' as decimal(20,3))) as d",
      "if(id = 1, null, date '1969-12-31') as day",
      "if(id = 1, null, timestamp '1969-12-31 23:59:59.123456') as at",
      "if(id = 1, null, if(id = 2, double('NaN'), if(id = 3, double('-Infinity'), 1.0e0 / 3))) as x",
      'if(id = 1, null, id % 2 = 0) as flag',
      'if(id = 1, null, cast(-32768 as smallint)) as small',
      'if(id = 1, null, -9223372036854775808) as l',
    );
}

const content = async (frame: DataFrame) => (await frame.orderBy('id').collect()).map((row) => [...row].map(String));

describe('what is written is read again', () => {
  it('as Parquet, with its types', async () => {
    const session = await engine.start();
    const frame = tricky(session);
    await frame.repartition(3).write.parquet(out());
    expect(dataFiles()).toHaveLength(3);
    const back = session.read.parquet(out());
    expect(await back.dtypes()).toEqual(await frame.dtypes());
    expect(await content(back)).toEqual(await content(frame));
    // Empty text is not NULL.
    const empty = session.createDataFrame([{ s: '' }, { s: null }], 's string');
    await empty.write.mode('overwrite').parquet(out());
    expect(await session.read.parquet(out()).filter("s = ''").count()).toBe(1);
  });

  it.each([
    ['a header', { header: true }],
    ['no header', {}],
    ['tabs', { header: true, sep: '\t' }],
    ['a word for NULL', { header: true, nullValue: '\\N' }],
  ])('as CSV with %s', async (_name, options) => {
    const session = await engine.start();
    const frame = tricky(session);
    await frame.repartition(3).write.options(options).csv(out());
    expect(dataFiles()).toHaveLength(3);
    const reader = session.read.options({ ...options, multiLine: true });
    expect(await content(reader.schema(schema).csv(out()))).toEqual(await content(frame));
    // Without a schema all is text; names are those of the header.
    const names = await reader.csv(out()).columns();
    expect(names).toEqual('header' in options ? await frame.columns() : names.map((_, index) => `_c${index}`));
  });

  it('as CSV, and types are inferred when asked for', async () => {
    const session = await engine.start();
    const frame = session.range(0, 20, 1, 2).selectExpr('cast(id as int) as id', 'id / 2 as half', "'x' as word");
    await frame.write.option('header', true).csv(out());
    const back = session.read.options({ header: true, inferSchema: true }).csv(out());
    expect(await back.dtypes()).toEqual([
      ['id', 'int'],
      ['half', 'double'],
      ['word', 'string'],
    ]);
    expect(await content(back)).toEqual(await content(frame));
  });

  it('as CSV, a header in each file even without rows, and in no file twice', async () => {
    const session = await engine.start();
    await session.range(0, 30_000, 1, 2).write.option('header', true).csv(out());
    const headers = dataFiles().map((file) =>
      readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line === 'id'),
    );
    expect(headers).toEqual([['id'], ['id']]);
    await session.range(0, 10, 1, 2).filter('id < 0').write.mode('overwrite').option('header', true).csv(out());
    const back = session.read.option('header', true).csv(out());
    expect([await back.columns(), await back.count()]).toEqual([['id'], 0]);
  });
});

describe('a CSV file that is read by several tasks', () => {
  const conf = { 'spark.sql.files.maxPartitionBytes': '4KB', 'spark.sql.files.openCostInBytes': '0' };
  const sums = async (frame: DataFrame) => {
    const [row] = await frame.selectExpr('count(*)', 'count(distinct s)', 'sum(id)', 'sum(length(s))').collect();
    return [...(row ?? [])];
  };

  it('gives each line once', async () => {
    const session = await engine.start({ conf });
    const frame = session.range(0, 3_000, 1, 1).selectExpr('id', "repeat('x', cast(id % 50 + 1 as int)) as s");
    await frame.write.option('header', true).csv(out());
    const back = session.read.option('header', true).schema('id bigint, s string').csv(out());
    expect(await sums(back)).toEqual(await sums(frame));
    expect(engine.recorder.of('stage-submitted').some(({ tasks }) => tasks > 10)).toBe(true);
  });

  it('with ends of lines inside of values gives each row once, with multiLine', async () => {
    const session = await engine.start({ conf });
    const frame = session.range(0, 2_000, 1, 1).selectExpr('id', "concat('a\n', id, ',\"\n') as s");
    await frame.write.csv(out());
    const back = session.read.option('multiLine', true).schema('id bigint, s string').csv(out());
    expect(await sums(back)).toEqual(await sums(frame));
  });
});

it('an unknown option of CSV names the known ones', async () => {
  const session = await engine.start();
  await session.range(3).write.csv(out());
  const error = await failureOf(session.read.option('heder', true).csv(out()).schema());
  expect(error).toMatchObject({
    code: 'KILN_SOURCE_OPTIONS',
    hint: expect.stringMatching(/^Did you mean 'header'\? Known: header, inferSchema, multiLine, /),
  });
});

it.each(['parquet', 'csv'] as const)(
  'files of an attempt that fails after it has written are not in the output: %s',
  async (format) => {
    const session = await engine.start({ master: 'local[2,3]' });
    const rows = { splits: 4, chunks: 3, delay: format === 'csv' ? 31 : 30 };
    const frame = slowNumbers(session, { ...rows, failing: 2, failures: 2 });
    const written = await frame.write[format](out());
    const attempts = engine.recorder.of('task-ended').filter(({ task }) => task.partition === 2);
    expect(attempts.map(({ outcome }) => outcome)).toEqual(['failed', 'failed', 'succeeded']);
    expect(written).toMatchObject({ rows: 120, files: 4 });
    expect(dataFiles()).toHaveLength(4);
    expect(filesUnder(out()).filter((file) => file.includes('_temporary'))).toEqual([]);
    const back = session.read.format(format).schema('n double').load(out());
    expect((await back.collect()).map((row) => Number(row['n'])).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 120 }, (_, n) => n),
    );
    await expectNothingRuns(session);
  },
);
