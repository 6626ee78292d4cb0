import type { Position } from '@kiln/base';
import { KilnError } from '@kiln/base';
import type { JobSource } from './job-source.ts';

/** One thing that is wrong with a job file. */
export interface JobProblem {
  /** The file, or the argument (`--set name=1`) that is to blame. */
  readonly origin: string;
  /** `null`: the whole of it. */
  readonly position: Position | null;
  readonly message: string;
  readonly hint: string | null;
  /** The line with a caret below, where there is a line. */
  readonly excerpt: string | null;
}

/** All that is wrong with a job file. Code: KILN_JOB_FILE. */
export class JobFileError extends KilnError {
  readonly problems: readonly JobProblem[];

  constructor(file: string, problems: readonly JobProblem[]) {
    // One problem names the file by itself.
    const head = problems.length === 1 && problems[0]?.origin === file ? [] : [`${file} has ${countText(problems)}.`];
    super('KILN_JOB_FILE', [...head, ...problems.map(problemText)].join('\n\n'), {
      concerns: { file },
      position: problems[0]?.position ?? null,
    });
    this.problems = problems;
  }
}

function countText({ length }: readonly JobProblem[]): string {
  return length === 1 ? 'a problem' : `${length} problems`;
}

/** A problem at a place of a job file. */
export function problemAt(
  source: JobSource,
  position: Position,
  message: string,
  hint: string | null = null,
): JobProblem {
  return { origin: source.file, position, message, hint, excerpt: excerpt(source, position) };
}

/** The line of a place, with a caret below. */
export function excerpt(source: JobSource, position: Position): string {
  const number = String(position.line);
  const line = source.line(position.line);
  // Tabs stay, so that the caret stands where it should.
  const before = line.slice(0, position.column - 1).replace(/[^\t]/g, ' ');
  return `  ${number} | ${line}\n  ${' '.repeat(number.length)} | ${before}^`;
}

/** A problem as printed: place, sentence, line with caret, hint. */
export function problemText({ origin, position, message, hint, excerpt: lines }: JobProblem): string {
  const place = position ? `${origin}:${position.line}:${position.column}` : origin;
  return [`${place}: ${message}`, ...(lines ? [lines] : []), ...(hint ? [`  ${hint}`] : [])].join('\n');
}
