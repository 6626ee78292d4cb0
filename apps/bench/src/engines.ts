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

/** Master URLs of the engines that this program starts itself; Spark's and Kiln's are written alike. */
const masters: Readonly<Record<string, string>> = {
  kiln: 'local[2]',
  'kiln-cluster': 'local-cluster[2,1,6144]',
  'spark-local': 'local[2]',
  'spark-cluster': 'local-cluster[2,1,6144]',
};
const fourExecutors = 'local-cluster[4,1,3072]';

export async function runTpch(
  engine: string,
  queries: readonly number[],
  { data, runs, ...options }: BenchOptions,
): Promise<EngineResult | undefined> {
  const only = queries.join(',');
  if (engine.startsWith('kiln'))
    return kiln(engine, ['tpch', data, queriesDirectory, String(runs), only, masters[engine] ?? '']);
  const python = engine.startsWith('sail') ? options.sailPython : options.python;
  const args = [engine, data, queriesDirectory, '--runs', String(runs), '--only', only];
  return python === null ? undefined : pythonProgram(engine, python, 'tpch-peers.py', args);
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

/** From the start of the driver's process to the first row that an executor made. */
export async function runFirstTask(engine: string, options: BenchOptions): Promise<EngineResult | undefined> {
  return kilnOrSpark(engine, ['first-task', masters[engine] ?? ''], options);
}

/** 10,000 empty tasks with listeners on. Only Spark has tasks to compare with. */
export async function runEmptyTasks(engine: string, options: BenchOptions): Promise<EngineResult | undefined> {
  return kilnOrSpark(engine, ['empty-tasks', masters[engine] ?? ''], options);
}

export async function runShuffle(engine: string, options: BenchOptions): Promise<EngineResult | undefined> {
  return kilnOrSpark(engine, ['shuffle', masters[engine] ?? '', join(options.data, 'lineitem')], options);
}

export async function runRecovery(engine: string, options: BenchOptions): Promise<EngineResult | undefined> {
  // So that either takes a minute or more.
  const copies = engine.startsWith('kiln') ? '12' : '3';
  return kilnOrSpark(engine, ['recovery', fourExecutors, join(options.data, 'lineitem'), copies], options);
}

/** Word count with RDDs: Kiln's in JavaScript, Spark's in Scala (`spark-local`) and in Python (`spark-python`). */
export async function runWordCount(engine: string, options: BenchOptions): Promise<EngineResult | undefined> {
  const { words, python } = options;
  if (engine === 'kiln') return kiln(engine, ['word-count', words, masters[engine] ?? '']);
  if (python === null) return undefined;
  if (engine === 'spark-python')
    return pythonProgram(engine, python, 'spark-small.py', ['word-count', 'local[2]', words]);
  if (engine !== 'spark-local') return undefined;
  const shell = join(python, '../spark-shell');
  const args = ['--master', 'local[2]', '--driver-memory', '8g', '-i', join(peersDirectory, 'spark-wordcount.scala')];
  const result = await run(engine, shell, args, { ...peerEnvironment(python), WORDS: words });
  // Its lines are `RESULT scala_rdd_wordcount_1GB 13.7 48612`.
  const lines = [...result.measured.stdout.matchAll(/^RESULT scala_rdd_(wordcount_1GB) (\S+) (\S+)$/gm)].map(
    ([, name, time, count]) => ({ name, seconds: Number(time), result: count }),
  );
  return { ...result, lines };
}

/** The same small program on Kiln and on Spark; no other engine has one. */
async function kilnOrSpark(
  engine: string,
  args: readonly string[],
  { python }: BenchOptions,
): Promise<EngineResult | undefined> {
  if (engine.startsWith('kiln')) return kiln(engine, args);
  if (!engine.startsWith('spark') || python === null) return undefined;
  return pythonProgram(engine, python, 'spark-small.py', args);
}

const kiln = (engine: string, args: readonly string[]) =>
  run(engine, process.execPath, [join(import.meta.dirname, 'kiln-worker.js'), ...args]);

const pythonProgram = (engine: string, python: string, program: string, args: readonly string[]) =>
  run(engine, python, [join(peersDirectory, program), ...args], peerEnvironment(python));

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
