import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type Answer, answerOf } from './spark-cases/support.ts';
import { TestEngine } from './support/engine.ts';
import { goldenDirectory } from './support/paths.ts';

/** What Spark 4.3 reads of a text (golden/spark-csv/make.py). */
interface CsvCase {
  readonly name: string;
  /** The file's bytes, each as a character. */
  readonly latin1: string;
  readonly options: Readonly<Record<string, string>>;
  readonly schema: string | null;
  readonly result: Answer;
}

const cases = JSON.parse(readFileSync(join(goldenDirectory, 'spark-csv.json'), 'utf8')) as readonly CsvCase[];
const engine = new TestEngine();

it('reads every text as Spark 4.3 does', async () => {
  const session = await engine.start();
  for (const { name, latin1, options, schema, result } of cases) {
    const path = engine.path('a.csv');
    writeFileSync(path, latin1, 'latin1');
    const reader = session.read.options(options);
    const answer = await answerOf(() => (schema === null ? reader : reader.schema(schema)).csv(path), true);
    expect({ name, ...answer }).toEqual({ name, ...result });
  }
});

describe('a large file', () => {
  /** Lines of very different lengths, so that splits begin anywhere in them. */
  const lines = Array.from({ length: 3_000 }, (_, i) => `${i},"${'x"", \\"'.repeat(i % 23)}",${'é'.repeat(i % 7)}`);
  const count = 'select count(*) as n, sum(id) as s, sum(length(a)) as a, sum(length(b)) as b from t';

  it.each(['\n', '\r\n', '\r'])('gives the same rows cut anywhere, with lines that end in %j', async (end) => {
    const session = await engine.start();
    writeFileSync(engine.path('t.csv'), `id,a,b${end}${lines.join(end)}${end}`);
    const found: unknown[] = [];
    for (const bytes of ['128m', '1009', '64']) {
      session.conf.set('spark.sql.files.maxPartitionBytes', bytes);
      session.conf.set('spark.sql.files.openCostInBytes', '0');
      session.read
        .option('header', true)
        .schema('id int, a string, b string')
        .csv(engine.path('t.csv'))
        .createOrReplaceTempView('t');
      found.push((await session.sql(count).collect()).map((row) => [...row].map(String))[0]);
    }
    expect(found[0]?.toString()).toContain('3000,4498500,');
    expect(found).toEqual([found[0], found[0], found[0]]);
  });

  it('is read from gzip', async () => {
    const session = await engine.start();
    writeFileSync(engine.path('t.csv.gz'), gzipSync(`id,a,b\n${lines.join('\n')}\n`));
    const frame = session.read.options({ header: true, inferSchema: true }).csv(engine.path('t.csv.gz'));
    expect((await frame.schema()).map(({ name, dataType }) => `${name} ${dataType.type}`)).toEqual([
      'id integer',
      'a string',
      'b string',
    ]);
    expect(await frame.count()).toBe(3_000);
  });

  it('in another compression is refused', async () => {
    const session = await engine.start();
    writeFileSync(engine.path('t.csv.bz2'), 'BZh9');
    await expect(session.read.csv(engine.path('t.csv.bz2')).collect()).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });
});
