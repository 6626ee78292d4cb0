import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DataFrame, Session } from '@kiln/client';
import { queryNumbers, registerTpch, tpchQuery } from '../support/tpch.ts';
import type { JobCall } from './scenario.ts';

export interface JobContext {
  readonly session: Session;
  /** A folder of this run. */
  readonly directory: string;
  readonly options: Readonly<Record<string, string | number>>;
  /** Resolves when all faults have happened: for jobs whose second part must find the damage done. */
  readonly faultsDone: () => Promise<void>;
}

/** Its rows as text, in an order that does not depend on who came first. */
type Job = (context: JobContext) => Promise<readonly string[]>;

const jobs: Readonly<Record<string, Job>> = {
  /** Maps of a known length that are slow without work: `splits` of `chunks` times `delay` ms. Two stages. */
  'slow-groups': async ({ session, options }) => {
    const source = { splits: 8, chunks: 5, delay: 20, ...options };
    session.read.format('slow').options(source).load('numbers').createOrReplaceTempView('slow');
    return rowsOf(
      session.sql(
        'select cast(n as bigint) % 7 as k, count(*) as c, sum(n) as s from slow group by cast(n as bigint) % 7',
      ),
    );
  },
  /** Reduces that work for a while. Two stages. */
  'order-groups': async ({ session }) => {
    await registerTpch(session);
    return rowsOf(session.sql(orderGroups));
  },
  /** Runs the reduces again after the faults, over the map outputs that are there. */
  'order-groups-twice': async ({ session, faultsDone }) => {
    await registerTpch(session);
    const frame = session.sql(orderGroups);
    const first = await rowsOf(frame);
    await faultsDone();
    return [...first, ...(await rowsOf(frame))];
  },
  tpch: async ({ session, options }) => {
    await registerTpch(session);
    return rowsOf(session.sql(await tpchQuery(Number(options['query']))));
  },
  /** Word count: lines whose words are found while 50 ms go by in each of 10 partitions. Two stages, functions in JavaScript. */
  'word-count': async ({ session }) => {
    const lines = Array.from({ length: 500 }, (_, line) => `the ${line % 13} quick ${line % 7} brown fox`);
    const counts = session.sparkContext
      .parallelize(lines, 10)
      .mapPartitions(slowly)
      .flatMap((line) => line.split(' '))
      .map((word): [string, number] => [word, 1])
      .reduceByKey((a, b) => a + b);
    return (await counts.collect()).map(String).sort();
  },
  /** Two RDDs joined, with reduces that take 50 ms each. Three stages. */
  'rdd-join': async ({ session }) => {
    const context = session.sparkContext;
    const left = context.range(0, 300, 1, 6).map((n): [number, number] => [n % 50, n]);
    const right = context.range(0, 100, 1, 6).map((n): [number, string] => [n % 50, `r${n}`]);
    const joined = left.join(right).mapPartitions(slowly);
    return (await joined.collect()).map(String).sort();
  },
  /** All of TPC-H, one query after another. */
  'tpch-all': async ({ session }) => {
    await registerTpch(session);
    const rows: string[] = [];
    for (const query of queryNumbers) {
      const own = await rowsOf(session.sql(await tpchQuery(query)));
      rows.push(...own.map((row) => `q${query} ${row}`));
    }
    return rows;
  },
  /** A task that does not do what it should, `times` times; see the plugin faulty-source. */
  'faulty-groups': async ({ session, directory, options }) => {
    const tokens = join(directory, 'tokens');
    mkdirSync(tokens);
    for (let token = 0; token < Number(options['times'] ?? 1); token++) writeFileSync(join(tokens, String(token)), '');
    session.read
      .format('faulty')
      .options({ ...options, tokens })
      .load('numbers')
      .createOrReplaceTempView('faulty');
    return rowsOf(
      session.sql(
        'select cast(n as bigint) % 7 as k, count(*) as c, sum(n) as s from faulty group by cast(n as bigint) % 7',
      ),
    );
  },
  /** Files that are committed all or none, and read back. */
  'slow-write': async ({ session, directory, options }) => {
    const source = { splits: 6, chunks: 5, delay: 20, ...options };
    const out = join(directory, `out-${session.appId}`);
    const written = await session.read.format('slow').options(source).load('numbers').write.parquet(out);
    return [`files ${written.files}`, ...(await rowsOf(session.read.parquet(out)))];
  },
};

/** Travels to executors as source, so it uses nothing of this file. */
function* slowly<T>(records: Iterable<T>): Iterable<T> {
  const until = Date.now() + 50;
  while (Date.now() < until);
  yield* records;
}

const orderGroups =
  'select l_orderkey, count(*) as c, max(l_comment) as m, sum(l_quantity) as q from lineitem group by l_orderkey having count(*) > 6';

/** Errors: what the job fails with. */
export function runJob(
  { name, options = {} }: JobCall,
  context: Omit<JobContext, 'options'>,
): Promise<readonly string[]> {
  const job = jobs[name];
  if (job === undefined) throw new Error(`there is no job '${name}', only ${Object.keys(jobs).join(', ')}`);
  return job({ ...context, options });
}

async function rowsOf(frame: DataFrame<never> | DataFrame): Promise<readonly string[]> {
  const rows = (await frame.collect()) as Iterable<Iterable<unknown>>;
  return Array.from(rows, (row) => [...row].map(String).join('|')).sort();
}
