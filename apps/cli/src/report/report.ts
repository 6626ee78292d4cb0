import type { ErrorData, Position } from '@kiln/base';

/** An error as it is told to people; plain data. */
export interface Report {
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
  /** What the error ended: `Job 0 (collect) failed: partition 3 of stage 1 (..) failed`. */
  readonly wrapping: string | null;
  /** `job.yaml:9:4 (step late)`. */
  readonly place: string | null;
  /** The line with a caret below. */
  readonly excerpt: string | null;
  /** Messages of the causes, nearest first. */
  readonly causes: readonly string[];
  readonly stack: string | null;
}

/** A text that errors may point into. */
export interface ReportSource {
  /** What to call it. */
  readonly name: string;
  excerpt(position: Position): string;
}

const mostCauses = 5;

/** The report of an error, with the line of `source` that it points to. */
export function reportOf(error: ErrorData, source: ReportSource | null): Report {
  const { position, concerns } = error;
  const { message, wrapping } = unwrapped(error);
  const said = `${message} ${wrapping ?? ''}`;
  const details = Object.entries(concerns).filter(([key, value]) => !isSaid(key, value, said));
  const name = source?.name ?? concerns['file'];
  const where = [
    ...(name !== undefined && position ? [`${name}:${position.line}:${position.column}`] : []),
    ...(details.length > 0 ? [`(${details.map(([key, value]) => `${key} ${value}`).join(', ')})`] : []),
  ];
  return {
    code: error.code,
    message,
    hint: error.hint,
    wrapping,
    place: where.length > 0 ? where.join(' ') : null,
    excerpt: source && position ? source.excerpt(position) : null,
    causes: causesOf(error),
    stack: error.stack,
  };
}

/** A report as printed. */
export function reportText(report: Report, verbose: boolean): string {
  const lines = [
    // A job file's problems have their places in the message.
    report.code === 'KILN_JOB_FILE' ? report.message : `${report.code}: ${report.message}`,
    ...(report.wrapping ? [`  ${report.wrapping}`] : []),
    ...(report.place ? [`  at ${report.place}`] : []),
    ...(report.excerpt ? [report.excerpt] : []),
    ...(report.hint ? [`  ${report.hint}`] : []),
    ...report.causes.map((cause) => `  because: ${cause}`),
    ...(verbose && report.stack ? ['', report.stack] : []),
  ];
  return `${lines.join('\n')}\n`;
}

/** A failed job has its cause's code and ends with the cause's message: that leads, since it is what the user can do something about. */
function unwrapped({ code, message, cause }: ErrorData): {
  readonly message: string;
  readonly wrapping: string | null;
} {
  const tail = cause === null ? '' : `: ${code}: ${cause.message}`;
  if (cause?.code !== code || !message.endsWith(tail)) return { message, wrapping: null };
  return { message: cause.message, wrapping: message.slice(0, -tail.length) };
}

/** Details that the message has already, and the number of a first attempt, say nothing. */
function isSaid(key: string, value: string, said: string): boolean {
  if (key === 'file' || (key === 'attempt' && value === '0')) return true;
  const [word, text] = [value.toLowerCase(), said.toLowerCase()];
  // Without quotes only what cannot be a word of a sentence.
  return text.includes(`${key} ${word}`) || text.includes(`'${word}'`) || (/[./:]/.test(word) && text.includes(word));
}

/** One line each; a cause that repeats the message before it says nothing. */
function causesOf(error: ErrorData): string[] {
  const causes: string[] = [];
  let before = error.message;
  for (let cause = error.cause; cause !== null && causes.length < mostCauses; cause = cause.cause) {
    if (!before.includes(cause.message)) causes.push(causeText(cause));
    before = cause.message;
  }
  return causes;
}

function causeText({ code, message, stack }: ErrorData): string {
  const text = message.split('\n')[0] as string;
  if (code !== 'KILN_INTERNAL') return text.startsWith(`${code}:`) ? text : `${code}: ${text}`;
  const place = placeInStack(stack);
  return place ? `${text} (${place})` : text;
}

/** Where the user's own code threw: the first place in a stack; of a syntax error its first line. */
function placeInStack(stack: string | null): string | null {
  const match = /^(file:\/\/\S+:\d+)$|(?:\(|at )(?:async )?(file:\/\/[^\s)]+:\d+:\d+)/m.exec(stack ?? '');
  const place = match?.[1] ?? match?.[2];
  return place ? decodeURI(place.replace('file://', '')) : null;
}
