import type { Logger } from '@kiln/contracts/plugin';
import { pino } from 'pino';
import { textLine } from './text-log.ts';

/**
 * Structured lines on stderr, with `base` in each; `KILN_LOG` sets the level (default `warn`, so that a job's output stays readable),
 * `KILN_LOG_FORMAT=text` makes sentences of them, as the `kiln` command does.
 */
export function createLogger(base: Readonly<Record<string, unknown>> | null = null): Logger {
  const stderr = pino.destination({ dest: 2, sync: true });
  // Whoever reads them may be gone before this process is.
  stderr.on('error', () => {});
  const isText = process.env['KILN_LOG_FORMAT'] === 'text';
  const sink = isText ? { write: (line: string) => void stderr.write(textLine(line)) } : stderr;
  return pino({ level: process.env['KILN_LOG'] ?? 'warn', base, errorKey: 'error' }, sink);
}
