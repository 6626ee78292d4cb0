import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { checkShape, type JobIssue } from './check.ts';
import type { JobDefinition } from './definition.ts';
import { JobSource } from './job-source.ts';
import { orderSteps } from './order.ts';
import { type Override, override } from './overrides.ts';
import { JobFileError, type JobProblem, problemAt } from './problems.ts';
import { substitute } from './substitution.ts';

/** A job file that can be run. */
export interface Job {
  /** As it was named. */
  readonly file: string;
  /** Its absolute folder: what paths in it start from. */
  readonly folder: string;
  readonly definition: JobDefinition;
  /** Names of the steps, each after those it needs. */
  readonly order: readonly string[];
  /** For messages about places in it. */
  readonly source: JobSource;
}

/** How a job file is read. */
export interface LoadOptions {
  /** `path=value`, each taking the place of something in the file. */
  readonly set?: readonly string[];
  /** What `${NAME}` stands for; the environment when left out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Reads and checks a job file. Errors: {@link JobFileError} with everything that is wrong; nothing has been started. */
export async function loadJob(file: string, options: LoadOptions = {}): Promise<Job> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new JobFileError(file, [wholeFile(file, fileProblems[code ?? ''] ?? message)]);
  }
  return parseJob(file, text, options);
}

const fileProblems: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file.',
  EISDIR: 'it is a folder, not a job file.',
};

/** {@link loadJob} of a text that is read already. */
export function parseJob(file: string, text: string, options: LoadOptions = {}): Job {
  const source = new JobSource(file, text);
  const fail = (problems: readonly JobProblem[]) => {
    if (problems.length > 0) throw new JobFileError(file, problems);
  };
  fail(syntaxProblems(source));
  if (source.document.contents === null) fail([wholeFile(file, 'the file is empty.')]);

  const overrides = (options.set ?? []).map((given) => ({ given, result: override(source.document, given) }));
  fail(overrides.flatMap(({ given, result }) => ('error' in result ? [ofArgument(given, result.error)] : [])));
  const applied = overrides.flatMap(({ result }) => ('error' in result ? [] : [result]));
  const toProblem = (issue: JobIssue) => issueProblem(source, applied, issue);

  const unset = substitute(source.document, options.env ?? process.env);
  const unsetProblems = unset.map(({ name, offset }) =>
    problemAt(
      source,
      source.at(offset),
      `the environment variable ${name} is not set.`,
      `Set it, or give a default: \${${name}:-...}`,
    ),
  );
  const shape = checkShape(source.document.toJS());
  if ('issues' in shape) {
    throw new JobFileError(file, inOrder([...unsetProblems, ...withoutFollowUps(shape.issues).map(toProblem)]));
  }
  const { order, issues } = orderSteps(shape.definition);
  fail(inOrder([...unsetProblems, ...issues.map(toProblem)]));
  return { file, folder: dirname(resolve(file)), definition: shape.definition, order, source };
}

/** The first of each line: the others only follow from it. */
function syntaxProblems(source: JobSource): readonly JobProblem[] {
  const lines = new Set<number>();
  return source.document.errors.flatMap((error) => {
    const position = source.at(error.pos[0]);
    if (lines.has(position.line)) return [];
    lines.add(position.line);
    const hint = source.line(position.line).includes('${') ? `Within { } and [ ], write "\${NAME}" in quotes.` : null;
    return [problemAt(source, position, sentence(error.message), hint)];
  });
}

/** A key that is missing because it was misspelt is said once. */
function withoutFollowUps(issues: readonly JobIssue[]): readonly JobIssue[] {
  const meant = new Set(
    issues.map(({ place, hint }) => hint && JSON.stringify([place.path.slice(0, -1), hint.split('"')[1]])),
  );
  return issues.filter(({ place, message }) => {
    const missing = /^"(.*)" is missing/.exec(message)?.[1];
    return missing === undefined || !meant.has(JSON.stringify([place.path, missing]));
  });
}

function issueProblem(
  source: JobSource,
  overrides: readonly Override[],
  { place, message, hint }: JobIssue,
): JobProblem {
  const culprit = overrides.find(({ path }) => path.every((part, index) => place.path[index] === part));
  if (culprit) return ofArgument(culprit.text, message, hint);
  return problemAt(source, source.position(place), message, hint ?? null);
}

function inOrder(problems: readonly JobProblem[]): readonly JobProblem[] {
  const place = ({ position }: JobProblem) => (position ? position.line * 10_000 + position.column : 0);
  return problems.toSorted((a, b) => place(a) - place(b));
}

function ofArgument(given: string, message: string, hint?: string): JobProblem {
  return { origin: `--set ${given}`, position: null, message, hint: hint ?? null, excerpt: null };
}

function wholeFile(file: string, message: string): JobProblem {
  return { origin: file, position: null, message, hint: null, excerpt: null };
}

function sentence(message: string): string {
  const line = message.split('\n')[0] as string;
  return `${line.charAt(0).toLowerCase()}${line.slice(1).replace(/\.?$/, '.')}`;
}
