import { join } from 'node:path';
import { type Measured, measure } from './measure.ts';
import { type BenchOptions, repository } from './options.ts';

/** What one engine said of one benchmark. */
export interface EngineResult {
  readonly engine: string;
  readonly measured: Measured;
  readonly lines: readonly Readonly<Record<string, unknown>>[];
}

const peersDirectory = join(repository, 'apps/bench/peers');
const queriesDirectory = join(repository, 'native/sql/tests/queries/tpch');
const kilnCommand = join(repository, 'node_modules/.bin/kiln');

export async function runTpch(engine: string, options: BenchOptions): Promise<EngineResult | undefined> {
  const only = options.queries.join(',');
  if (engine === 'kiln') {
    return run(engine, process.execPath, [
      join(import.meta.dirname, 'kiln-worker.js'),
      'tpch',
      options.data,
      queriesDirectory,
      String(options.runs),
      only,
      'local[2]',
    ]);
  }
  const python = engine.startsWith('sail') ? options.sailPython : options.python;
  if (python === null) return undefined;
  return run(
    engine,
    python,
    [
      join(peersDirectory, 'tpch-peers.py'),
      engine,
      options.data,
      queriesDirectory,
      '--runs',
      String(options.runs),
      '--only',
      only,
    ],
    peerEnvironment(python),
  );
}

/** `select 1`, from the start of the process to its exit. */
export async function runSelectOne(engine: string, options: BenchOptions): Promise<EngineResult | undefined> {
  if (engine === 'kiln') return run(engine, kilnCommand, ['sql', 'select 1']);
  const python = engine.startsWith('sail') ? options.sailPython : options.python;
  const program: Record<string, string> = {
    duckdb: 'import duckdb; print(duckdb.sql("select 1").fetchall())',
    sail: 'import os; os.environ["SPARK_CONNECT_MODE_ENABLED"]="1"\nfrom pysail.spark import SparkConnectServer\ns=SparkConnectServer(); s.start(background=True); h,p=s.listening_address\nfrom pyspark.sql import SparkSession\nprint(SparkSession.builder.remote(f"sc://{h}:{p}").getOrCreate().sql("select 1").collect(), flush=True); os._exit(0)',
    'spark-local':
      'from pyspark.sql import SparkSession\nprint(SparkSession.builder.master("local[2]").config("spark.ui.enabled","false").getOrCreate().sql("select 1").collect())',
  };
  const text = program[engine];
  return python === null || text === undefined ? undefined : run(engine, python, ['-c', text], peerEnvironment(python));
}

/** 10,000 empty tasks with listeners on. Only Spark has tasks to compare with. */
export async function runEmptyTasks(engine: string, options: BenchOptions): Promise<EngineResult | undefined> {
  if (engine === 'kiln')
    return run(engine, process.execPath, [join(import.meta.dirname, 'kiln-worker.js'), 'empty-tasks', 'local[2]']);
  if (engine !== 'spark-local' || options.python === null) return undefined;
  return run(engine, options.python, [join(peersDirectory, 'spark-empty-tasks.py')], peerEnvironment(options.python));
}

/** Word count with RDDs: Kiln's in JavaScript, Spark's in Scala. */
export async function runWordCount(engine: string, options: BenchOptions): Promise<EngineResult | undefined> {
  const { words, python } = options;
  if (engine === 'kiln')
    return run(engine, process.execPath, [
      join(import.meta.dirname, 'kiln-worker.js'),
      'word-count',
      words,
      'local[2]',
    ]);
  if (engine !== 'spark-local' || python === null) return undefined;
  const shell = join(python, '../spark-shell');
  const args = ['--master', 'local[2]', '--driver-memory', '8g', '-i', join(peersDirectory, 'spark-wordcount.scala')];
  const result = await run(engine, shell, args, { ...peerEnvironment(python), WORDS: words });
  // Its lines are `RESULT scala_rdd_wordcount_1GB 13.7 48612`.
  const lines = [...result.measured.stdout.matchAll(/^RESULT scala_rdd_(wordcount_1GB) (\S+) (\S+)$/gm)].map(
    ([, name, time, count]) => ({ name, seconds: Number(time), result: count }),
  );
  return { ...result, lines };
}

async function run(
  engine: string,
  command: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<EngineResult> {
  process.stderr.write(`${engine}: ${[command, ...args].join(' ').replaceAll('\n', '; ').slice(0, 160)}\n`);
  const measured = await measure(command, args, environment);
  if (measured.exitCode !== 0)
    process.stderr.write(`${engine} ended with ${measured.exitCode}:\n${measured.stderr.slice(-2000)}\n`);
  const lines = measured.stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { engine, measured, lines };
}

function peerEnvironment(python: string): NodeJS.ProcessEnv {
  return { PATH: `${join(python, '..')}:${process.env['PATH']}`, PYSPARK_PYTHON: python };
}
