import { isKilnError, KilnError } from '@kiln/base';
import {
  eventLogFormat,
  eventLogVersion,
  type LoggedEvent,
  type LogStarted,
  loggedEvent,
  logStarted,
} from './format.ts';
import { damaged, type Line, readLines } from './lines.ts';

const knownTypes: ReadonlySet<string> = new Set(loggedEvent.options.map((option) => option.shape.type.value));

/**
 * The events of a log, in order, once. It can be of an application that still runs, or that died: then it ends after the last complete
 * line, and {@link isCut} says so. Events of a type that this version does not know are passed over and counted.
 */
export class EventLogReader implements AsyncIterable<LoggedEvent> {
  readonly path: string;
  readonly header: LogStarted;
  /** While iterating: the file ended inside a line, or without the application's end. */
  isCut = true;
  /** While iterating: events of unknown types. */
  unknown = 0;
  readonly #lines: AsyncGenerator<Line>;

  private constructor(path: string, header: LogStarted, lines: AsyncGenerator<Line>) {
    this.path = path;
    this.header = header;
    this.#lines = lines;
  }

  /** Errors: KILN_EVENT_LOG_READ, KILN_EVENT_LOG_FORMAT for another file, KILN_EVENT_LOG_VERSION for a log of a later Kiln. */
  static async open(path: string): Promise<EventLogReader> {
    const lines = readLines(path);
    try {
      const { value } = await lines.next();
      return new EventLogReader(path, headerOf(path, value?.text ?? ''), lines);
    } catch (error) {
      await lines.return(undefined);
      throw isKilnError(error) ? error : unreadable(path, error as NodeJS.ErrnoException);
    }
  }

  /** Errors: KILN_EVENT_LOG_DAMAGED with the line. */
  async *[Symbol.asyncIterator](): AsyncIterator<LoggedEvent> {
    for await (const line of this.#lines) {
      const event = this.#parse(line);
      if (event === null) continue;
      yield event;
      if (event.type === 'engine-stopped') this.isCut = false;
    }
  }

  /** All that is left, as an array. */
  async toArray(): Promise<readonly LoggedEvent[]> {
    const events: LoggedEvent[] = [];
    for await (const event of this) events.push(event);
    return events;
  }

  #parse({ number, text }: Line): LoggedEvent | null {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw damaged(this.path, number, 'the line is no JSON', error);
    }
    const type = typeof value === 'object' && value !== null ? (value as { type?: unknown }).type : undefined;
    if (typeof type !== 'string') throw damaged(this.path, number, 'the line is no event');
    if (!knownTypes.has(type)) {
      this.unknown++;
      return null;
    }
    const result = loggedEvent.safeParse(value);
    if (result.success) return result.data;
    const [issue] = result.error.issues;
    throw damaged(this.path, number, `'${type}' has a wrong '${issue?.path.join('.')}': ${issue?.message}`);
  }
}

function headerOf(path: string, text: string): LogStarted {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw notALog(path);
  }
  const { format, version } = (value ?? {}) as { format?: unknown; version?: unknown };
  if (format !== eventLogFormat || typeof version !== 'number') throw notALog(path);
  if (version > eventLogVersion) {
    throw new KilnError(
      'KILN_EVENT_LOG_VERSION',
      `${path} has version ${version}; this Kiln reads up to ${eventLogVersion}`,
      {
        hint: 'Read it with the Kiln that wrote it, or a newer one',
        concerns: { file: path },
      },
    );
  }
  const header = logStarted.safeParse(value);
  if (!header.success) throw damaged(path, 1, `the header has a wrong '${header.error.issues[0]?.path.join('.')}'`);
  return header.data;
}

function notALog(path: string): KilnError {
  return new KilnError('KILN_EVENT_LOG_FORMAT', `${path} is not an event log of Kiln`, {
    hint: 'Event logs are in the folder spark.eventLog.dir; their names end in .jsonl or .jsonl.zst, with .inprogress while the application runs',
    concerns: { file: path },
  });
}

function unreadable(path: string, cause: NodeJS.ErrnoException): KilnError {
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file',
    EISDIR: 'it is a folder',
    EACCES: 'it may not be read',
  };
  return new KilnError('KILN_EVENT_LOG_READ', `${path} cannot be read: ${reasons[cause.code ?? ''] ?? cause.message}`, {
    concerns: { file: path },
    ...(cause.code !== undefined && cause.code in reasons ? {} : { cause }),
  });
}
