import { readFile } from 'node:fs/promises';
import { type ErrorData, errorToData, type Position } from '@kiln/base';
import type { DataFrame } from '@kiln/client';
import type { Environment } from '../environment.ts';
import { ExitCode, exitCodeOf } from '../exit-code.ts';
import { interruptible } from '../interrupt.ts';
import { LineWriter } from '../output/line-writer.ts';
import { Progress } from '../progress/progress.ts';
import { type ReportSource, reportOf, reportText } from '../report/report.ts';
import { workText } from '../report/summary.ts';
import { durationText } from '../report/units.ts';
import { defaultConf } from '../submit/conf-file.ts';

/** Options of `kiln sql`. */
export interface SqlOptions {
  readonly file?: string;
  readonly conf: Readonly<Record<string, string>>;
  readonly master?: string;
  readonly format: 'table' | 'csv' | 'json';
  readonly rows: number;
  readonly verbose: boolean;
}

/** `kiln sql "select ..."`. */
export async function sqlCommand(
  environment: Environment,
  argument: string | undefined,
  options: SqlOptions,
): Promise<ExitCode> {
  const started = environment.now();
  const query = await readQuery(environment, argument, options.file);
  if ('problem' in query) {
    environment.stderr.write(`${query.problem}\n`);
    return ExitCode.usage;
  }
  const { text } = query;
  const progress = new Progress(environment, { lines: false });
  const interrupt = interruptible(environment, (line) => progress.note(line));
  try {
    await using session = await environment.createSession({
      name: 'kiln sql',
      conf: { ...(await defaultConf(environment)), ...options.conf },
      ...(options.master === undefined ? {} : { master: options.master }),
    });
    for (const warning of session.warnings) progress.note(`warning: ${warning}`);
    const unlisten = session.listen((event) => progress.onEvent(event));
    try {
      await printRows(session.sql(text), options, interrupt.signal, (output) => progress.print(output));
    } finally {
      unlisten();
    }
  } catch (error) {
    progress.stop();
    if (interrupt.signal.aborted) {
      environment.stderr.write('cancelled\n');
      return ExitCode.interrupted;
    }
    const data = withHint(errorToData(error), text);
    environment.stderr.write(reportText(reportOf(data, querySource(text, options.file)), options.verbose));
    return exitCodeOf(data.code);
  } finally {
    progress.stop();
    interrupt.end();
  }
  if (options.verbose)
    environment.stderr.write(`${durationText(environment.now() - started)}; ${workText(progress.totals)}\n`);
  return ExitCode.done;
}

async function readQuery(
  environment: Environment,
  argument: string | undefined,
  file: string | undefined,
): Promise<{ readonly text: string } | { readonly problem: string }> {
  const usage =
    'kiln sql needs one query: kiln sql "select 1", kiln sql -f query.sql, or kiln sql -f - to read it from a pipe.';
  if ((argument === undefined) === (file === undefined)) return { problem: usage };
  let text: string;
  try {
    text = argument ?? (file === '-' ? await environment.readStdin() : await readFile(file as string, 'utf8'));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { problem: `${file} cannot be read: ${fileProblems[code ?? ''] ?? message}` };
  }
  text = text.replace(/;\s*$/, '');
  return text.trim() === '' ? { problem: usage } : { text };
}

const fileProblems: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
};

async function printRows(
  frame: DataFrame,
  { format, rows }: SqlOptions,
  signal: AbortSignal,
  print: (text: string) => Promise<void>,
): Promise<void> {
  const lines = new LineWriter(print);
  switch (format) {
    case 'table': {
      const table = await frame.showString({ rows, truncate: false, signal, description: 'kiln sql' });
      return print(table.endsWith('\n') ? table : `${table}\n`);
    }
    case 'csv': {
      const { csvLine } = await import('../output/csv.ts');
      await lines.write(csvLine(await frame.columns()));
      for await (const row of frame.toLocalIterator({ signal, description: 'kiln sql' }))
        await lines.write(csvLine(row));
      return lines.end();
    }
    case 'json':
      for await (const row of frame.toLocalIterator({ signal, description: 'kiln sql' }))
        await lines.write(`${JSON.stringify(row)}\n`);
      return lines.end();
  }
}

/** Whoever gives several statements gets an error about the second. */
function withHint(error: ErrorData, text: string): ErrorData {
  if (error.position === null || error.hint !== null) return error;
  const { line, column } = error.position;
  const lines = text.split('\n').slice(0, line);
  const before = [...lines.slice(0, -1), (lines.at(-1) ?? '').slice(0, column - 1)].join('\n');
  return before.trimEnd().endsWith(';') ? { ...error, hint: 'kiln sql runs one query' } : error;
}

function querySource(text: string, file: string | undefined): ReportSource {
  return {
    name: file === undefined || file === '-' ? 'query' : file,
    excerpt: (position: Position) => {
      const number = String(position.line);
      const line = text.split('\n')[position.line - 1] ?? '';
      return `  ${number} | ${line}\n  ${' '.repeat(number.length)} | ${line.slice(0, position.column - 1).replace(/[^\t]/g, ' ')}^`;
    },
  };
}
