import type { Position } from './position.ts';

/** What an error looks like when it crosses a thread or process: data, cause chain kept. */
export interface ErrorData {
  /** `KILN_<AREA>_<WHAT>`, or Spark's error class where a query or its data are at fault (`DIVIDE_BY_ZERO`), be it found in a plan or by a task. */
  readonly code: string;
  readonly message: string;
  /** What to do, in a sentence; `null` when the message says all. */
  readonly hint: string | null;
  /** The thing concerned: `{ job: '3', stage: '7', file: 'job.yaml' }`. */
  readonly concerns: Readonly<Record<string, string>>;
  readonly position: Position | null;
  readonly cause: ErrorData | null;
  readonly stack: string | null;
}

export interface KilnErrorOptions {
  readonly hint?: string;
  readonly concerns?: Readonly<Record<string, string>>;
  readonly position?: Position | null;
  readonly cause?: unknown;
}

const kilnErrorTag = Symbol.for('kiln.error');

/** Every error that Kiln raises on purpose. Recognised by {@link isKilnError}, never by `instanceof`. */
export class KilnError extends Error {
  readonly [kilnErrorTag] = true;
  readonly code: string;
  readonly hint: string | null;
  readonly concerns: Readonly<Record<string, string>>;
  readonly position: Position | null;

  constructor(code: string, message: string, options: KilnErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'KilnError';
    this.code = code;
    this.hint = options.hint ?? null;
    this.concerns = options.concerns ?? {};
    this.position = options.position ?? null;
  }
}

export function isKilnError(value: unknown): value is KilnError {
  return typeof value === 'object' && value !== null && kilnErrorTag in value;
}

/** Any thrown value as data, with its whole cause chain (at most 16 deep). */
export function errorToData(error: unknown, depth = 0): ErrorData {
  if (isKilnError(error)) {
    return {
      code: error.code,
      message: error.message,
      hint: error.hint,
      concerns: error.concerns,
      position: error.position,
      cause: causeToData(error.cause, depth),
      stack: error.stack ?? null,
    };
  }
  if (error instanceof Error) {
    const code = (error as { code?: unknown }).code;
    return {
      code: typeof code === 'string' ? code : 'KILN_INTERNAL',
      message: error.message,
      hint: null,
      concerns: {},
      position: null,
      cause: causeToData(error.cause, depth),
      stack: error.stack ?? null,
    };
  }
  return {
    code: 'KILN_INTERNAL',
    message: String(error),
    hint: null,
    concerns: {},
    position: null,
    cause: null,
    stack: null,
  };
}

export function errorFromData(data: ErrorData): KilnError {
  const error = new KilnError(data.code, data.message, {
    concerns: data.concerns,
    position: data.position,
    ...(data.hint === null ? {} : { hint: data.hint }),
    ...(data.cause === null ? {} : { cause: errorFromData(data.cause) }),
  });
  if (data.stack !== null) error.stack = data.stack;
  return error;
}

function causeToData(cause: unknown, depth: number): ErrorData | null {
  return cause === undefined || cause === null || depth >= 16 ? null : errorToData(cause, depth + 1);
}
