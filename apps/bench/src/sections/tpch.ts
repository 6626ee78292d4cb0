import { type EngineResult, runTpch } from '../engines.ts';
import type { BenchOptions } from '../options.ts';
import { best, markdown, ratio, seconds } from '../table.ts';
import { each, enginesOf, type Placement } from './context.ts';

/** A column an engine, a row a query: DuckDB, which is in every table if it is installed, says what is right. */
export async function tpchSection(options: BenchOptions, placement: Placement): Promise<string> {
  const queries = placement === 'local' ? options.queries : options.clusterQueries;
  const engines = enginesOf(placement, options);
  const reference = 'duckdb';
  const results = await each([...new Set([...engines, reference])], (engine) => runTpch(engine, queries, options));
  const kiln = results[0];
  const duckdb = results.find((result) => result.engine === reference);
  const rows = [
    ...queries.map((q) => [`q${q} s`, ...results.map((result) => seconds(timeOf(result, q)))]),
    ['sum s', ...results.map((result) => seconds(sum(result, queries)))],
    ['geometric mean s', ...results.map((result) => seconds(geometricMean(result, queries)))],
    ["of Kiln's sum", ...results.map((result) => ratio(sum(result, queries), kiln && sum(kiln, queries)))],
    ["equal to DuckDB's", ...results.map((result) => equal(result, duckdb, queries))],
    ['start s', ...results.map((result) => String(lineWith(result, 'start_s')?.['start_s'] ?? '–'))],
    ['CPU s', ...results.map((result) => result.measured.cpuSeconds.toFixed(1))],
    ['peak RSS MB', ...results.map((result) => String(result.measured.peakRssMb))],
  ];
  const where = placement === 'local' ? '2 cores' : 'two executors of one core';
  const table = markdown(['', ...results.map((result) => result.engine)], rows);
  const crossed = kiln?.lines.filter((line) => line['run'] === 0).reduce((all, line) => all + numberOf(line), 0) ?? 0;
  const words = `CPU and memory are of the whole process tree, over all runs; memory that processes share counts for each.`;
  const crossings =
    placement === 'local' ? ` Crossings between JavaScript and Rust in one run of these queries: ${crossed}.` : '';
  return `## TPC-H at scale ${options.scale}, ${where}, best of ${options.runs}\n\n${table}\n\n${words}${crossings}`;
}

const numberOf = (line: Readonly<Record<string, unknown>>) =>
  typeof line['crossings'] === 'number' ? line['crossings'] : 0;

const lineWith = (result: EngineResult, name: string) => result.lines.find((line) => line[name] !== undefined);

const timeOf = (result: EngineResult, q: number) => best(result, (line) => line['q'] === q);

/** `undefined`: a query is missing. */
function times(result: EngineResult, queries: readonly number[]): readonly number[] | undefined {
  const found = queries.map((q) => timeOf(result, q)).filter((time) => time !== undefined);
  return found.length === queries.length ? found : undefined;
}

const sum = (result: EngineResult, queries: readonly number[]) =>
  times(result, queries)?.reduce((all, time) => all + time, 0);

function geometricMean(result: EngineResult, queries: readonly number[]): number | undefined {
  const all = times(result, queries);
  return all && Math.exp(all.reduce((logarithms, time) => logarithms + Math.log(time), 0) / all.length);
}

function equal(result: EngineResult, reference: EngineResult | undefined, queries: readonly number[]): string {
  const hash = (of: EngineResult, q: number) =>
    of.lines.find((line) => line['q'] === q && line['hash'] !== undefined)?.['hash'];
  if (reference === undefined) return '–';
  return `${queries.filter((q) => hash(result, q) === hash(reference, q)).length} of ${queries.length}`;
}
