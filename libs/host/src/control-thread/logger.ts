import type { Logger } from '@kiln/contracts/plugin';
import { pino } from 'pino';

/** Structured lines on stderr; `KILN_LOG` sets the level (default `warn`, so that a job's output stays readable). */
export function createLogger(): Logger {
  return pino(
    { level: process.env['KILN_LOG'] ?? 'warn', base: null, errorKey: 'error' },
    pino.destination({ dest: 2, sync: true }),
  );
}
