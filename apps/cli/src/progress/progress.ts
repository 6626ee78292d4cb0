import type { EngineEvent } from '@kiln/contracts';
import type { Environment } from '../environment.ts';
import { barLines } from './bars.ts';
import { EventLines } from './lines.ts';
import { StageProgress, type Totals } from './stage-progress.ts';

const redrawMillis = 100;

/** `bars` on a terminal; `lines` otherwise, if `lines` is asked for. */
export interface ProgressOptions {
  readonly lines: boolean;
}

/**
 * Shows on standard error how far stages are. On a terminal bars stand below everything else: whatever is printed while they
 * do goes through {@link print}, which takes them away first.
 */
export class Progress {
  readonly #environment: Environment;
  readonly #lines: boolean;
  readonly #stages = new StageProgress();
  readonly #eventLines = new EventLines();
  #drawn = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(environment: Environment, { lines }: ProgressOptions) {
    this.#environment = environment;
    this.#lines = lines && !environment.stderr.isTTY;
    if (!environment.stderr.isTTY) return;
    this.#timer = setInterval(() => this.#draw(), redrawMillis);
    this.#timer.unref();
  }

  get totals(): Totals {
    return this.#stages.totals;
  }

  onEvent(event: EngineEvent): void {
    const line = this.#eventLines.of(event, this.#stages.apply(event));
    // With bars only what went wrong stays.
    if (line !== null && (this.#lines || (this.#timer && line.isTrouble))) this.note(line.text);
  }

  /** A line on standard error. */
  note(line: string): void {
    this.#erase();
    this.#environment.stderr.write(`${line}\n`);
  }

  /** Text on standard output; resolves when it is out. */
  print(text: string): Promise<void> {
    this.#erase();
    return new Promise((resolve) => this.#environment.stdout.write(text, () => resolve()));
  }

  /** Takes the bars away for good. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#erase();
  }

  #draw(): void {
    const { stderr } = this.#environment;
    const lines = barLines(this.#stages.running, Date.now(), stderr.columns ?? 80);
    this.#erase();
    if (lines.length === 0) return;
    stderr.write(`${lines.join('\n')}\n`);
    this.#drawn = lines.length;
  }

  #erase(): void {
    // The terminal's echo of Ctrl-C moved the cursor.
    if (this.#drawn > 0) this.#environment.stderr.write(`\r\x1b[${this.#drawn}A\x1b[0J`);
    this.#drawn = 0;
  }
}
