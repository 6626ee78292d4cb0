import { StringDecoder } from 'node:string_decoder';

/** Characters of what a process wrote last that an error shows. */
const maxCharacters = 4000;

/** Passes on what a process writes, line by line, and keeps the end of it. */
export class OutputTail {
  readonly #onLine: (line: string) => void;
  readonly #decoder = new StringDecoder('utf8');
  #open = '';
  #kept = '';

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  write(chunk: Buffer): void {
    const lines = (this.#open + this.#decoder.write(chunk)).split('\n');
    this.#open = lines.pop() ?? '';
    for (const line of lines) this.#line(line);
  }

  end(): void {
    const rest = this.#open + this.#decoder.end();
    this.#open = '';
    if (rest !== '') this.#line(rest);
  }

  get text(): string {
    return this.#kept.trim();
  }

  #line(line: string): void {
    this.#kept = `${this.#kept}${readable(line)}\n`.slice(-maxCharacters);
    this.#onLine(line);
  }
}

/** A line of a structured log as its sentence; others as they are. */
function readable(line: string): string {
  if (!line.startsWith('{')) return line;
  try {
    const { msg, cause, reason } = JSON.parse(line) as Readonly<Record<string, unknown>>;
    const why = cause ?? reason;
    return typeof msg !== 'string' ? line : typeof why === 'string' ? `${msg}: ${why}` : msg;
  } catch {
    return line;
  }
}
