import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { type EngineResult, runEmptyTasks, runSelectOne, runTpch, runWordCount } from './engines.ts';
import { type BenchOptions, readOptions, repository } from './options.ts';
import { best, markdown, ratio, seconds } from './table.ts';
import { makeWords } from './words.ts';

const options = readOptions(process.argv.slice(2));
const engines = ['kiln', ...options.peers];
const report = [
  `Machine: ${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB. Made by:`,
  `\`\`\`sh\nnpm run bench -- --scale ${options.scale} --queries ${options.queries.join(',')} --runs ${options.runs} --peers ${options.peers.join(',')}\n\`\`\``,
  ...(await sections()),
].join('\n\n');
process.stdout.write(`${report}\n`);
if (options.output !== null)
  writeFileSync(
    options.output,
    `# Benchmarks\n\nEngines run one after the other in the same run; take the ratios, not the seconds.\n\n${report}\n`,
  );

async function sections(): Promise<readonly string[]> {
  const made: string[] = [];
  const { only } = options;
  if (only.includes('tpch')) {
    makeData(options);
    made.push(await tpchSection());
  }
  if (only.includes('select-one')) made.push(await selectOneSection());
  if (only.includes('empty-tasks')) made.push(await emptyTasksSection());
  if (only.includes('word-count')) {
    makeWords(options.words, 1_000_000_000);
    made.push(await wordCountSection());
  }
  return made;
}

function makeData({ scale, data }: BenchOptions): void {
  execFileSync(process.execPath, [join(repository, 'tools/native-build/tpch-data.ts'), scale, '8', data], {
    cwd: repository,
    stdio: 'inherit',
  });
}

async function each(
  run: (engine: string, options: BenchOptions) => Promise<EngineResult | undefined>,
): Promise<readonly EngineResult[]> {
  const results: EngineResult[] = [];
  for (const engine of engines) {
    const result = await run(engine, options);
    if (result !== undefined) results.push(result);
  }
  return results;
}

async function tpchSection(): Promise<string> {
  const results = await each(runTpch);
  const of = (result: EngineResult, q: number) => best(result, (line) => line['q'] === q);
  const total = (result: EngineResult) => {
    const all = options.queries.map((q) => of(result, q));
    return all.some((value) => value === undefined)
      ? undefined
      : all.reduce<number>((sum, value) => sum + (value ?? 0), 0);
  };
  const kiln = results[0];
  const hash = (result: EngineResult, q: number) =>
    result.lines.find((line) => line['q'] === q && line['hash'] !== undefined)?.['hash'];
  const reference = results.find((result) => result.engine === 'duckdb');
  const equal = (result: EngineResult) =>
    reference === undefined
      ? '–'
      : `${options.queries.filter((q) => hash(result, q) === hash(reference, q)).length} of ${options.queries.length}`;
  const crossed =
    kiln?.lines.reduce(
      (sum, line) => sum + (typeof line['crossings'] === 'number' && line['run'] === 0 ? line['crossings'] : 0),
      0,
    ) ?? 0;
  const head = [
    'engine',
    ...options.queries.map((q) => `q${q} s`),
    'sum s',
    "of Kiln's",
    "equal to DuckDB's",
    'start s',
    'CPU s',
    'peak RSS MB',
  ];
  const rows = results.map((result) => [
    result.engine,
    ...options.queries.map((q) => seconds(of(result, q))),
    seconds(total(result)),
    ratio(total(result), kiln === undefined ? undefined : total(kiln)),
    equal(result),
    String(result.lines.find((line) => line['start_s'] !== undefined)?.['start_s'] ?? '–'),
    result.measured.cpuSeconds.toFixed(1),
    String(result.measured.peakRssMb),
  ]);
  return `## TPC-H at scale ${options.scale}, best of ${options.runs}, 2 cores\n\n${markdown(head, rows)}\n\nCrossings between JavaScript and Rust in one run of these queries: ${crossed}. CPU and memory are of the whole process tree, over all runs.`;
}

async function selectOneSection(): Promise<string> {
  const runs = [await each(runSelectOne), await each(runSelectOne), await each(runSelectOne)];
  const rows = (runs[0] ?? []).map((result, index) => {
    const all = runs.map((run) => run[index]?.measured).filter((measured) => measured !== undefined);
    return [
      result.engine,
      seconds(Math.min(...all.map((measured) => measured.seconds))),
      String(Math.max(...all.map((measured) => measured.peakRssMb))),
    ];
  });
  return `## \`select 1\`, process start to exit, best of 3\n\n${markdown(['engine', 's', 'peak RSS MB'], rows)}`;
}

async function emptyTasksSection(): Promise<string> {
  const results = await each(runEmptyTasks);
  const rows = results.map((result) => {
    const time = best(result, (line) => line['name'] === 'empty_tasks_10000');
    return [
      result.engine,
      seconds(time),
      time === undefined ? '–' : String(Math.round(10_000 / time)),
      String(result.measured.peakRssMb),
    ];
  });
  return `## 10,000 empty tasks, listeners on, best of 2\n\n${markdown(['engine', 's', 'tasks/s', 'peak RSS MB'], rows)}`;
}

async function wordCountSection(): Promise<string> {
  const results = await each(runWordCount);
  const timeOf = (result: EngineResult) => best(result, (line) => line['name'] === 'wordcount_1GB');
  const kiln = results[0] === undefined ? undefined : timeOf(results[0]);
  const rows = results.map((result) => [
    result.engine,
    seconds(timeOf(result)),
    ratio(timeOf(result), kiln),
    String(result.lines.find((line) => line['result'] !== undefined)?.['result'] ?? '–'),
    result.measured.cpuSeconds.toFixed(1),
    String(result.measured.peakRssMb),
  ]);
  const head = ['engine', 's', "of Kiln's", 'words', 'CPU s', 'peak RSS MB'];
  return `## Word count of 1 GB of text with RDDs, 2 cores, best of 2\n\n${markdown(head, rows)}`;
}
