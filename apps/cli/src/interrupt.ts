import type { Environment } from './environment.ts';
import { ExitCode } from './exit-code.ts';

/** A terminal's Ctrl-C may arrive twice, from the terminal and from the launcher. */
const sameMillis = 300;

/** Longer than an engine waits for tasks that go on; then the process ends all the same. */
const patienceMillis = 15_000;

/** A command that Ctrl-C can cancel. */
export interface Interruptible {
  readonly signal: AbortSignal;
  /** Stops listening. */
  end(): void;
}

/** The first Ctrl-C aborts the signal, the second, or patience at its end, ends the process at once. */
export function interruptible(environment: Environment, note: (line: string) => void): Interruptible {
  const controller = new AbortController();
  let first: number | undefined;
  let patience: NodeJS.Timeout | undefined;
  const stop = environment.onInterrupt(() => {
    const now = environment.now();
    if (first === undefined) {
      first = now;
      note('cancelling; Ctrl-C again ends it at once');
      controller.abort(new Error('cancelled by Ctrl-C'));
      patience = setTimeout(() => {
        note('what runs does not stop, and is ended');
        environment.exit(ExitCode.interrupted);
      }, patienceMillis);
      patience.unref();
    } else if (now - first > sameMillis) {
      environment.exit(ExitCode.interrupted);
    }
  });
  return {
    signal: controller.signal,
    end() {
      clearTimeout(patience);
      stop();
    },
  };
}
