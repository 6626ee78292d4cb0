import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Session } from '@kiln/client';
import { dataCache, goldenDirectory, repository, tpchQueries } from './paths.ts';

const tablesTool = join(repository, 'tools/native-build/tpch-data.ts');

export const tpchScale = '0.05';
const tables = ['customer', 'lineitem', 'nation', 'orders', 'part', 'partsupp', 'region', 'supplier'];

export interface Golden {
  readonly fields: readonly { readonly name: string; readonly type: string }[];
  /** Text of each value, as Spark's Python client prints it; `null` is NULL. */
  readonly rows: readonly (readonly (string | null)[])[];
}

/** Makes the tables once per machine (four files each), with the repository's own generator. */
export function tpchData(): string {
  const directory = join(dataCache, `tpch-${tpchScale}-4`);
  if (existsSync(directory)) return directory;
  execFileSync(process.execPath, [tablesTool, tpchScale, '4', directory], { cwd: repository, stdio: 'inherit' });
  return directory;
}

export async function registerTpch(session: Session): Promise<void> {
  const directory = tpchData();
  for (const table of tables) {
    const folder = join(directory, table);
    session.read.parquet(existsSync(folder) ? folder : `${folder}.parquet`).createOrReplaceTempView(table);
  }
}

export async function tpchQuery(number: number): Promise<string> {
  const text = await readFile(join(tpchQueries, `q${number}.sql`), 'utf8');
  return text.trim().replace(/;$/, '');
}

export async function tpchGolden(number: number): Promise<Golden> {
  return JSON.parse(await readFile(join(goldenDirectory, `tpch-sf${tpchScale}`, `q${number}.json`), 'utf8')) as Golden;
}

export const queryNumbers = Array.from({ length: 22 }, (_, index) => index + 1);

/** Settings under which the same rows must come by other roads; `localDir` is for those that write to disk. */
export const tpchVariants = (localDir: string): Readonly<Record<string, Readonly<Record<string, string>>>> => ({
  'as shipped': {},
  'no broadcast': { 'spark.sql.autoBroadcastJoinThreshold': '-1' },
  '256 KB splits, 7 partitions': {
    'spark.sql.files.maxPartitionBytes': '256KB',
    'spark.sql.files.openCostInBytes': '0',
    'spark.sql.shuffle.partitions': '7',
    'spark.sql.adaptive.coalescePartitions.enabled': 'false',
  },
  'every block through a file': {
    'kiln.shuffle.forceFile': 'true',
    'spark.io.compression.codec': 'zstd',
    'spark.local.dir': localDir,
  },
  'a budget that spills': {
    'kiln.memory.budget': '48MB',
    'spark.sql.autoBroadcastJoinThreshold': '-1',
    'spark.local.dir': localDir,
  },
});
