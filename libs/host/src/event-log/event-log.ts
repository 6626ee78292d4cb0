import { mkdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { errorFromData, KilnError } from '@kiln/base';
import type { EngineEvent, EngineListener } from '@kiln/contracts/listener';
import type { EngineSettings, Logger } from '@kiln/contracts/plugin';
import { Credit } from './credit.ts';
import { eventLogFormat, eventLogVersion, type LogStarted } from './format.ts';
import type { FromWriter, ToWriter, WriterStart } from './messages.ts';
import { redact } from './redact.ts';

/** What came within so long goes to the writer together. */
const batchMillis = 100;
const defaultLimits: EventLogLimits = { batchCharacters: 64 * 1024, mostPending: 16 * 1024 * 1024 };
/** A disk that does nothing for so long is given up. */
const patienceMillis = 60_000;

export interface EventLogLimits {
  /** So much goes to the writer together. */
  readonly batchCharacters: number;
  /** Characters on their way to the disk, beyond which the engine waits for it. */
  readonly mostPending: number;
}

export interface EventLogOptions {
  /** Folder: a path or a `file:` URL; made when it is not there. */
  readonly dir: string;
  readonly appId: string;
  readonly compress: boolean;
  readonly settings: Readonly<Record<string, string>>;
  readonly kilnVersion: string;
  readonly logger: Logger;
  readonly limits?: EventLogLimits;
}

/** The event log that the settings ask for. */
export function openEventLog(
  settings: EngineSettings,
  { appId, kilnVersion, logger }: Pick<EventLogOptions, 'appId' | 'kilnVersion' | 'logger'>,
): Promise<EventLog> | null {
  if (!settings.get('spark.eventLog.enabled')) return null;
  return EventLog.open({
    dir: settings.get('spark.eventLog.dir'),
    compress: settings.get('spark.eventLog.compress'),
    settings: settings.entries(),
    appId,
    kilnVersion,
    logger,
  });
}

/**
 * Writes all events of an application to `<dir>/<appId>.jsonl` (`.zst` when compressed), one line each. The file ends in `.inprogress`
 * until the application ends; what is in it then can be read up to its last complete line.
 *
 * A thread of its own compresses and writes. Nothing is dropped: when the disk is too slow the engine waits for it. When it fails, the log
 * ends with an error in the engine's own log, and jobs go on.
 */
export class EventLog implements EngineListener {
  /** What the file is called at the end. */
  readonly path: string;
  readonly #worker: Worker;
  readonly #credit: Credit;
  readonly #logger: Logger;
  readonly #limits: EventLogLimits;
  #batch = '';
  #timer: NodeJS.Timeout | undefined;
  #isBroken = false;

  private constructor(path: string, worker: Worker, credit: Credit, logger: Logger, limits: EventLogLimits) {
    this.path = path;
    this.#worker = worker;
    this.#credit = credit;
    this.#logger = logger;
    this.#limits = limits;
    worker.on('message', (message: FromWriter) => {
      if (message.type === 'failed') this.#broken(errorFromData(message.error));
    });
    worker.on('error', (error) => this.#broken(error));
  }

  /** Errors: KILN_EVENT_LOG_DIR when the file cannot be made. */
  static async open(options: EventLogOptions): Promise<EventLog> {
    const { dir, appId, compress, settings, kilnVersion, logger, limits = defaultLimits } = options;
    const path = join(await folder(dir), `${appId}.jsonl${compress ? '.zst' : ''}`);
    const credit = new Credit();
    const start: WriterStart = { path, inProgressPath: `${path}.inprogress`, compress, shared: credit.shared };
    const worker = new Worker(new URL(`./writer-thread${extname(import.meta.url)}`, import.meta.url), {
      workerData: start,
      execArgv: [],
    });
    try {
      await new Promise<void>((resolve, reject) => {
        worker.once('error', reject);
        worker.once('message', (message: FromWriter) => {
          worker.off('error', reject);
          if (message.type === 'failed') reject(errorFromData(message.error));
          else resolve();
        });
      });
    } catch (cause) {
      await worker.terminate();
      throw directoryError(dir, cause);
    }
    const log = new EventLog(path, worker, credit, logger, limits);
    log.#write({
      type: 'log-started',
      time: Date.now(),
      format: eventLogFormat,
      version: eventLogVersion,
      kilnVersion,
      nodeVersion: process.versions.node,
      settings: redact(settings),
    });
    return log;
  }

  /** Characters on their way to the disk. */
  get pending(): number {
    return this.#credit.pending;
  }

  onEvent(event: EngineEvent): void {
    this.#write(event);
  }

  /** Writes what is left and gives the file its name. */
  async close(): Promise<void> {
    this.#send();
    const closed = new Promise<void>((resolve) => {
      this.#worker.once('exit', () => resolve());
      setTimeout(resolve, patienceMillis).unref();
    });
    this.#worker.postMessage({ type: 'end' } satisfies ToWriter);
    await closed;
    await this.#worker.terminate();
  }

  #write(event: EngineEvent | LogStarted): void {
    if (this.#isBroken) return;
    this.#batch += `${JSON.stringify(event)}\n`;
    if (this.#batch.length >= this.#limits.batchCharacters) this.#send();
    else this.#timer ??= setTimeout(() => this.#send(), batchMillis).unref();
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const text = this.#batch;
    this.#batch = '';
    if (text === '' || this.#isBroken) return;
    if (this.#credit.take(text.length, this.#limits.mostPending, patienceMillis))
      return this.#worker.postMessage({ type: 'lines', text } satisfies ToWriter);
    this.#broken(new Error(`nothing was written for ${patienceMillis / 1000} s`));
  }

  #broken(error: Error): void {
    if (this.#isBroken) return;
    this.#isBroken = true;
    this.#batch = '';
    this.#logger.error({ file: this.path, error }, 'the event log cannot be written; it ends here, jobs go on');
  }
}

async function folder(dir: string): Promise<string> {
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(dir)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== 'file')
    throw directoryError(dir, null, `It is a folder of this machine; '${scheme}:' is not supported`);
  try {
    const path = scheme === undefined ? dir : fileURLToPath(dir);
    await mkdir(path, { recursive: true });
    return path;
  } catch (cause) {
    throw directoryError(dir, cause);
  }
}

function directoryError(dir: string, cause: unknown, hint = 'Set spark.eventLog.dir to a folder that can be written') {
  return new KilnError('KILN_EVENT_LOG_DIR', `The event log cannot be written to '${dir}'`, {
    hint,
    concerns: { property: 'spark.eventLog.dir', dir },
    ...(cause === null ? {} : { cause }),
  });
}
