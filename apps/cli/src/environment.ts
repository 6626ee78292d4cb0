import type { Session, SessionOptions } from '@kiln/client';
import type { JobThread, ThreadTask } from './job-thread/messages.ts';

/** Where text goes. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string, onWritten?: () => void): unknown;
}

/** Everything a command needs of the process; tests give their own. */
export interface Environment {
  readonly stdout: Output;
  readonly stderr: Output;
  /** An environment variable. */
  variable(name: string): string | undefined;
  /** All of standard input. */
  readStdin(): Promise<string>;
  /** Calls back on Ctrl-C and SIGTERM; the result stops that. */
  onInterrupt(callback: () => void): () => void;
  /** Ends the process at once. */
  exit(code: number): void;
  /** Time that only goes forward, in milliseconds. */
  now(): number;
  createSession(options: SessionOptions): Promise<Session>;
  /** Starts a job in a thread of its own. */
  startJob(task: ThreadTask): JobThread;
}

/** The real process. Client and engine are imported when a command needs them. */
export function processEnvironment(): Environment {
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    variable: (name) => process.env[name],
    async readStdin() {
      const { text } = await import('node:stream/consumers');
      return text(process.stdin);
    },
    onInterrupt(callback) {
      process.on('SIGINT', callback).on('SIGTERM', callback);
      return () => process.off('SIGINT', callback).off('SIGTERM', callback);
    },
    exit: (code) => process.exit(code),
    now: () => performance.now(),
    async createSession(options) {
      const { Session } = await import('@kiln/client');
      // The command prints them itself.
      return Session.create({ ...options, onWarning: () => {} });
    },
    startJob(task) {
      return startLazily(async () => (await import('./job-thread/start.ts')).startJobThread(task));
    },
  };
}

/** A thread that can be listened to and cancelled before it has been loaded. */
function startLazily(start: () => Promise<JobThread>): JobThread {
  const thread = start();
  return {
    run: async (onMessage) => (await thread).run(onMessage),
    cancel: (reason) => void thread.then((started) => started.cancel(reason)),
  };
}
