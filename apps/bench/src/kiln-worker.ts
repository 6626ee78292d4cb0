// One engine in one process, as peers/*.py do it for the others: prints JSON lines.
//   node kiln-worker.js tpch DATA QUERIES RUNS 1,3,9 MASTER
//   node kiln-worker.js first-task MASTER | empty-tasks MASTER | word-count FILE MASTER
//   node kiln-worker.js shuffle MASTER LINEITEM | recovery MASTER LINEITEM COPIES
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Session } from '@kiln/client';
import { max, sum } from '@kiln/client/functions';
import { crossings } from '@kiln/native';
import { digest } from './digest.ts';

const [task, ...args] = process.argv.slice(2);
const print = (fields: Record<string, unknown>) =>
  process.stdout.write(`${JSON.stringify({ engine: 'kiln', ...fields })}\n`);
const seconds = (since: number) => Number(((performance.now() - since) / 1000).toFixed(3));
const tasks: Readonly<Record<string, () => Promise<void>>> = {
  tpch,
  'first-task': firstTask,
  'empty-tasks': emptyTasks,
  'word-count': wordCount,
  shuffle,
  recovery,
};
const chosen = tasks[task ?? ''];
if (chosen === undefined) throw new Error(`no benchmark '${task}'`);
await chosen();

/** Runs a job and prints how long it took. `since`: 0 is the start of the process. */
async function timed(name: string, job: () => Promise<unknown>, run = 0, since = performance.now()): Promise<number> {
  const result = await job();
  const elapsed = seconds(since);
  print({ name, run, seconds: elapsed, result: String(result) });
  return elapsed;
}

async function tpch(): Promise<void> {
  const [data = '', queries = '', runs = '2', only = '', master = 'local[2]'] = args;
  await using session = await Session.create({ master });
  for (const table of ['customer', 'lineitem', 'nation', 'orders', 'part', 'partsupp', 'region', 'supplier']) {
    const file = join(data, `${table}.parquet`);
    session.read.parquet(existsSync(file) ? file : join(data, table)).createOrReplaceTempView(table);
  }
  print({ data: basename(data), start_s: seconds(0) });
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

async function firstTask(): Promise<void> {
  const [master = 'local[2]'] = args;
  await using session = await Session.create({ master });
  await timed('first_task', () => session.range(1).collect(), 0, 0);
}

async function emptyTasks(): Promise<void> {
  const [master = 'local[2]'] = args;
  await using session = await Session.create({ master });
  let ended = 0;
  session.listen((event) => {
    if (event.type === 'task-ended') ended += 1;
  });
  for (let run = 0; run < 2; run++) {
    await timed('empty_tasks_10000', () => session.range(0, 10_000, 1, 10_000).filter('id < 0').count(), run);
  }
  print({ tasks: ended });
}

async function wordCount(): Promise<void> {
  const [words = '', master = 'local[2]'] = args;
  await using session = await Session.create({ master });
  for (let run = 0; run < 2; run++) {
    const counts = session.sparkContext
      .textFile(words)
      .flatMap((line) => line.split(' '))
      .map((word): [string, number] => [word, 1])
      .reduceByKey((a, b) => a + b);
    await timed('wordcount_1GB', () => counts.count(), run);
  }
}

async function shuffle(): Promise<void> {
  const [master = '', lineitem = ''] = args;
  await using session = await Session.create({ master });
  for (let run = 0; run < 2; run++) {
    const dealt = session.read.parquet(lineitem).repartition(200, 'l_orderkey');
    const all = dealt.agg(max('l_comment'), sum('l_extendedprice'), max('l_shipdate'));
    await timed('repartition_200_lineitem', () => all.collect(), run);
  }
}

async function recovery(): Promise<void> {
  const [master = '', lineitem = '', copies = ''] = args;
  await using session = await Session.create({ master });
  session.read.parquet(lineitem).createOrReplaceTempView('lineitem');
  const query = `select count(*), sum(s) from (select l_orderkey, r.id, sum(l_extendedprice) as s
    from lineitem cross join range(0, ${copies}) r group by l_orderkey, r.id)`;
  const job = async () => JSON.stringify((await session.sql(query).collect()).map((row) => [...row].map(String)));
  await job();
  const whole = await timed('undisturbed', job);
  setTimeout(killAnExecutor, (whole / 2) * 1000);
  await timed('one_killed', job);
}

/** One of the processes that this one started. */
function killAnExecutor(): void {
  const parentOf = (pid: string) => Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  const children = readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && parentOf(name) === process.pid;
    } catch {
      return false;
    }
  });
  const last = children.at(-1);
  if (last === undefined) throw new Error('there is no executor to kill');
  process.kill(Number(last), 'SIGKILL');
}
