import type { Environment } from './environment.ts';
import { ExitCode } from './exit-code.ts';

/** A terminal's Ctrl-C may arrive twice, from the terminal and from the launcher. */
const sameMillis = 300;

/** A command that Ctrl-C can cancel. */
export interface Interruptible {
  readonly signal: AbortSignal;
  /** Stops listening. */
  end(): void;
}

/** The first Ctrl-C aborts the signal, the second ends the process at once. */
export function interruptible(environment: Environment, note: (line: string) => void): Interruptible {
  const controller = new AbortController();
  let first: number | undefined;
  const stop = environment.onInterrupt(() => {
    const now = environment.now();
    if (first === undefined) {
      first = now;
      note('cancelling; Ctrl-C again ends it at once');
      controller.abort(new Error('cancelled by Ctrl-C'));
    } else if (now - first > sameMillis) {
      environment.exit(ExitCode.interrupted);
    }
  });
  return { signal: controller.signal, end: stop };
}
