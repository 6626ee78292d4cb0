import { type EngineResult, runEmptyTasks, runFirstTask, runSelectOne, runWordCount } from '../engines.ts';
import type { BenchOptions } from '../options.ts';
import { best, markdown, ratio, seconds } from '../table.ts';
import { each, enginesOf } from './context.ts';

export async function selectOneSection(options: BenchOptions): Promise<string> {
  return `## \`select 1\`, process start to exit, best of 3\n\n${await wholeProcesses(enginesOf('local', options), (engine) => runSelectOne(engine, options))}`;
}

export async function firstTaskSection(options: BenchOptions): Promise<string> {
  const table = await wholeProcesses(enginesOf('cluster', options), (engine) => runFirstTask(engine, options));
  return `## Two executors: process start to the end of the first task and of the process, best of 3\n\n${table}`;
}

async function wholeProcesses(
  engines: readonly string[],
  run: (engine: string) => Promise<EngineResult | undefined>,
): Promise<string> {
  const runs = [await each(engines, run), await each(engines, run), await each(engines, run)];
  const rows = (runs[0] ?? []).map((result, index) => {
    const all = runs.flatMap((of) => of[index] ?? []);
    const firstTask = all.flatMap((of) => best(of, (line) => line['name'] === 'first_task') ?? []);
    return [
      result.engine,
      firstTask.length === 0 ? '–' : seconds(Math.min(...firstTask)),
      seconds(Math.min(...all.map((of) => of.measured.seconds))),
      String(Math.max(...all.map((of) => of.measured.peakRssMb))),
    ];
  });
  return markdown(['engine', 'first task s', 'process s', 'peak RSS MB'], rows);
}

export async function emptyTasksSection(options: BenchOptions): Promise<string> {
  const engines = [...enginesOf('local', options), ...enginesOf('cluster', options)];
  const results = await each(engines, (engine) => runEmptyTasks(engine, options));
  const rows = results.map((result) => {
    const time = best(result, (line) => line['name'] === 'empty_tasks_10000');
    return [
      result.engine,
      seconds(time),
      time === undefined ? '–' : String(Math.round(10_000 / time)),
      String(result.measured.peakRssMb),
    ];
  });
  const table = markdown(['engine', 's', 'tasks/s', 'peak RSS MB'], rows);
  return `## 10,000 empty tasks, listeners on, best of 2\n\n${table}`;
}

export async function wordCountSection(options: BenchOptions): Promise<string> {
  const engines = enginesOf('local', options).flatMap((engine) =>
    engine === 'spark-local' ? [engine, 'spark-python'] : [engine],
  );
  const results = await each(engines, (engine) => runWordCount(engine, options));
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
