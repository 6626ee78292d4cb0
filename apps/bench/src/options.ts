import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

export const repository = resolve(import.meta.dirname, '../../..');

export interface BenchOptions {
  readonly scale: string;
  readonly queries: readonly number[];
  /** Those that engines of several processes run. */
  readonly clusterQueries: readonly number[];
  readonly runs: number;
  readonly data: string;
  /** A text of 1 GB for word count. */
  readonly words: string;
  /** Sections of the table. */
  readonly only: readonly SectionName[];
  /** Python with duckdb and pyspark; `null`: these peers are left out. */
  readonly python: string | null;
  /** Python with pysail; `null`: Sail is left out. */
  readonly sailPython: string | null;
  readonly peers: readonly string[];
  /** Engines of several processes. */
  readonly clusterPeers: readonly string[];
  /** The options that say what is measured, to repeat it. */
  readonly command: string;
  readonly output: string | null;
}

const sections = [
  'tpch',
  'select-one',
  'empty-tasks',
  'word-count',
  'tpch-cluster',
  'first-task',
  'shuffle',
  'recovery',
] as const;
export type SectionName = (typeof sections)[number];

export const usage = `npm run bench -- [options]
  --scale 10            TPC-H scale factor
  --queries 1,3,9,18    which of the 22, in one process
  --cluster-queries all which of the 22, in two executors
  --runs 2              the best is taken
  --only tpch,select-one,empty-tasks,word-count,tpch-cluster,first-task,shuffle,recovery
  --peers duckdb,sail,spark-local
  --cluster-peers sail-cluster,spark-cluster
  --python FILE         a Python with duckdb and pyspark (KILN_BENCH_PYTHON)
  --sail-python FILE    a Python with pysail (KILN_BENCH_SAIL_PYTHON)
  --output FILE         writes the table into this Markdown file
Set-up of the peers: apps/bench/peers/README.md`;

export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      scale: { type: 'string', default: '10' },
      queries: { type: 'string', default: '1,3,9,18' },
      'cluster-queries': { type: 'string', default: 'all' },
      runs: { type: 'string', default: '2' },
      only: { type: 'string', default: sections.join(',') },
      peers: { type: 'string', default: 'duckdb,sail,spark-local' },
      'cluster-peers': { type: 'string', default: 'sail-cluster,spark-cluster' },
      python: { type: 'string', default: process.env['KILN_BENCH_PYTHON'] ?? '' },
      'sail-python': { type: 'string', default: process.env['KILN_BENCH_SAIL_PYTHON'] ?? '' },
      output: { type: 'string', default: '' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  }
  const cache =
    process.env['KILN_CACHE_DIR'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'kiln');
  return {
    scale: values.scale,
    queries: queriesOf(values.queries),
    clusterQueries: queriesOf(values['cluster-queries']),
    runs: Number(values.runs),
    data: join(cache, 'bench-data', `tpch-${values.scale}-8`),
    words: join(cache, 'bench-data', 'words-1gb.txt'),
    only: sectionsOf(values.only),
    python: existing(values.python),
    sailPython: existing(values['sail-python']),
    peers: listOf(values.peers),
    clusterPeers: listOf(values['cluster-peers']),
    command: ['scale', 'queries', 'cluster-queries', 'runs', 'only', 'peers', 'cluster-peers']
      .map((name) => `--${name} ${values[name as keyof typeof values]}`)
      .join(' '),
    output: values.output === '' ? null : values.output,
  };
}

const listOf = (text: string) => text.split(',').filter((item) => item !== '');

const queriesOf = (text: string) =>
  text === 'all' ? Array.from({ length: 22 }, (_, index) => index + 1) : listOf(text).map(Number);

/** Errors: one that is none. */
function sectionsOf(text: string): readonly SectionName[] {
  const wanted = listOf(text);
  const odd = wanted.find((name) => !sections.some((known) => known === name));
  if (odd !== undefined) throw new Error(`there is no section '${odd}': ${sections.join(', ')}`);
  return wanted as SectionName[];
}

function existing(file: string): string | null {
  if (file === '') return null;
  if (!existsSync(file)) throw new Error(`there is no ${file}`);
  return file;
}
