import { createRequire } from 'node:module';
import { KilnError } from '@kiln/base';

/** Main file of the executors that a worker starts. Errors: KILN_EXECUTOR_MISSING. */
export function executorMain(): string {
  try {
    return createRequire(import.meta.url).resolve('@kiln/executor');
  } catch (cause) {
    throw new KilnError('KILN_EXECUTOR_MISSING', 'The package @kiln/executor is not installed here', {
      hint: 'A worker starts executors: npm install @kiln/executor',
      cause,
    });
  }
}
