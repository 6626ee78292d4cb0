import type { Logger } from '@kiln/contracts/plugin';
import { pino } from 'pino';

/** Structured lines on stderr, with `base` in each; `KILN_LOG` sets the level (default `warn`, so that a job's output stays readable). */
export function createLogger(base: Readonly<Record<string, unknown>> | null = null): Logger {
  const destination = pino.destination({ dest: 2, sync: true });
  // Whoever reads them may be gone before this process is.
  destination.on('error', () => {});
  return pino({ level: process.env['KILN_LOG'] ?? 'warn', base, errorKey: 'error' }, destination);
}
