// One engine in one process, as peers/tpch-peers.py does it for the others: prints JSON lines.
//   node kiln-worker.js tpch DATA QUERIES RUNS 1,3,9 MASTER
//   node kiln-worker.js empty-tasks MASTER
//   node kiln-worker.js word-count FILE MASTER
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Session } from '@kiln/client';
import { crossings } from '@kiln/native';
import { digest } from './digest.ts';

const started = performance.now();
const [task, ...args] = process.argv.slice(2);
const print = (fields: Record<string, unknown>) =>
  process.stdout.write(`${JSON.stringify({ engine: 'kiln', ...fields })}\n`);
const seconds = (since: number) => Number(((performance.now() - since) / 1000).toFixed(3));

if (task === 'tpch') await tpch();
else if (task === 'empty-tasks') await emptyTasks();
else if (task === 'word-count') await wordCount();
else throw new Error(`no benchmark '${task}'`);

async function tpch(): Promise<void> {
  const [data = '', queries = '', runs = '2', only = '', master = 'local[2]'] = args;
  await using session = await Session.create({ master });
  for (const table of ['customer', 'lineitem', 'nation', 'orders', 'part', 'partsupp', 'region', 'supplier']) {
    const file = join(data, `${table}.parquet`);
    session.read.parquet(existsSync(file) ? file : join(data, table)).createOrReplaceTempView(table);
  }
  print({ data: basename(data), start_s: seconds(started) });
  for (let run = 0; run < Number(runs); run++) {
    for (const q of only.split(',').map(Number)) {
      const since = performance.now();
      try {
        const frame = session.sql(
          readFileSync(join(queries, `q${q}.sql`), 'utf8')
            .trim()
            .replace(/;$/, ''),
        );
        const before = crossings();
        const rows = await frame.collect();
        const elapsed = seconds(since);
        const crossed = crossings() - before;
        const isNumber = (await frame.schema()).map((field) =>
          ['decimal', 'double', 'float'].includes(field.dataType.type),
        );
        print({
          q,
          run,
          seconds: elapsed,
          rows: rows.length,
          hash: digest(
            rows.map((row) => [...row]),
            isNumber,
          ),
          crossings: crossed,
        });
      } catch (error) {
        print({ q, run, error: error instanceof Error ? error.message : String(error) });
      }
    }
  }
}

async function emptyTasks(): Promise<void> {
  const [master = 'local[2]'] = args;
  await using session = await Session.create({ master });
  let ended = 0;
  session.listen((event) => {
    if (event.type === 'task-ended') ended += 1;
  });
  for (let run = 0; run < 2; run++) {
    const since = performance.now();
    const result = await session.range(0, 10_000, 1, 10_000).filter('id < 0').count();
    print({ name: 'empty_tasks_10000', run, seconds: seconds(since), result: String(result), tasks: ended });
  }
}

async function wordCount(): Promise<void> {
  const [words = '', master = 'local[2]'] = args;
  await using session = await Session.create({ master });
  for (let run = 0; run < 2; run++) {
    const since = performance.now();
    const counts = session.sparkContext
      .textFile(words)
      .flatMap((line) => line.split(' '))
      .map((word): [string, number] => [word, 1])
      .reduceByKey((a, b) => a + b);
    const result = await counts.count();
    print({ name: 'wordcount_1GB', run, seconds: seconds(since), result });
  }
}
