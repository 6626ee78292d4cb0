import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

export const repository = resolve(import.meta.dirname, '../../..');

export interface BenchOptions {
  readonly scale: string;
  readonly queries: readonly number[];
  readonly runs: number;
  readonly data: string;
  /** A text of 1 GB for word count. */
  readonly words: string;
  /** Sections of the table. */
  readonly only: readonly string[];
  /** Python with duckdb and pyspark; `null`: these peers are left out. */
  readonly python: string | null;
  /** Python with pysail; `null`: Sail is left out. */
  readonly sailPython: string | null;
  readonly peers: readonly string[];
  readonly output: string | null;
}

const sections = ['tpch', 'select-one', 'empty-tasks', 'word-count'];

export const usage = `npm run bench -- [options]
  --scale 10            TPC-H scale factor
  --queries 1,3,9,18    which of the 22
  --runs 2              the best is taken
  --only tpch,select-one,empty-tasks,word-count
  --peers duckdb,sail,spark-local
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
      runs: { type: 'string', default: '2' },
      only: { type: 'string', default: sections.join(',') },
      peers: { type: 'string', default: 'duckdb,sail,spark-local' },
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
    queries: values.queries.split(',').map(Number),
    runs: Number(values.runs),
    data: join(cache, 'bench-data', `tpch-${values.scale}-8`),
    words: join(cache, 'bench-data', 'words-1gb.txt'),
    only: sectionsOf(values.only),
    python: existing(values.python),
    sailPython: existing(values['sail-python']),
    peers: values.peers.split(',').filter((peer) => peer !== ''),
    output: values.output === '' ? null : values.output,
  };
}

/** Errors: one that is none. */
function sectionsOf(text: string): readonly string[] {
  const wanted = text.split(',');
  const odd = wanted.find((name) => !sections.includes(name));
  if (odd !== undefined) throw new Error(`there is no section '${odd}': ${sections.join(', ')}`);
  return wanted;
}

function existing(file: string): string | null {
  if (file === '') return null;
  if (!existsSync(file)) throw new Error(`there is no ${file}`);
  return file;
}
