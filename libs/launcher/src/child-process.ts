import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { OutputTail } from './output-tail.ts';

export interface ChildOptions {
  /** Main file and what follows it; what everybody may read. */
  readonly args: readonly string[];
  /** Added to the environment of this process. */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * Made, if need be, for the process to work in; what it writes goes into the files `stdout` and `stderr` there, which are continued.
   * Its process group is its own, so that Ctrl-C in a terminal reaches only who started it. Left out: it works where this process does.
   */
  readonly directory?: string;
  /** Of what it writes to its standard output and error; not with a directory. */
  readonly onLine?: (line: string) => void;
}

export interface ChildExit {
  /** `null`: a signal ended it, or it never ran. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** For people, with the end of what it wrote when it failed. */
  readonly reason: string;
  /** It was told to stop. */
  readonly wanted: boolean;
}

/** A process that this one has started. When this one dies, its standard input ends: see `whenParentIsGone`. */
export interface Child {
  /** `undefined`: it could not be started. */
  readonly pid: number | undefined;
  /** When it is gone; never rejects. */
  readonly exited: Promise<ChildExit>;
  /** Asks it to stop (SIGTERM), and ends it (SIGKILL) when it has not after `graceMillis`. */
  stop(graceMillis: number): Promise<ChildExit>;
  /** Ends it, and what it has started in its group, at once. */
  kill(): void;
}

/** How long the rest of what a dead process wrote is waited for. */
const outputMillis = 500;

/** Starts a Node.js process. One that cannot be started is one that has exited. */
export function startChild(options: ChildOptions): Child {
  const tail = new OutputTail(options.onLine ?? (() => {}));
  const { directory } = options;
  let child: ChildProcess;
  try {
    child = directory === undefined ? spawnPiped(options, tail) : spawnInto(options, directory);
  } catch (error) {
    return neverStarted(error instanceof Error ? error.message : String(error));
  }
  // One that dies before it has read anything.
  child.stdin?.on('error', () => {});
  let wanted = false;
  const exited = ended(child).then(({ code, signal, error }): ChildExit => {
    tail.end();
    const what = error?.message ?? (signal === null ? `exit code ${code}` : `signal ${signal}`);
    const failed = !wanted && code !== 0;
    const wrote = failed ? (directory === undefined ? tail.text : endOf(join(directory, 'stderr'))) : '';
    return {
      ...{ code, signal, wanted },
      reason: `the process ended with ${what}${wrote === '' ? '' : `; it wrote last:\n${wrote}`}`,
    };
  });
  const kill = () => {
    // A group has the number of its first process; it may outlive it.
    if (directory === undefined || child.pid === undefined) child.kill('SIGKILL');
    else killGroup(child.pid);
  };
  return {
    pid: child.pid,
    exited,
    kill,
    async stop(graceMillis) {
      wanted = true;
      child.kill('SIGTERM');
      const timer = setTimeout(kill, graceMillis);
      try {
        return await exited;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

function spawnPiped({ args, environment }: ChildOptions, tail: OutputTail): ChildProcess {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdout.on('data', (chunk: Buffer) => tail.write(chunk));
  child.stderr.on('data', (chunk: Buffer) => tail.write(chunk));
  return child;
}

function spawnInto({ args, environment }: ChildOptions, directory: string): ChildProcess {
  mkdirSync(directory, { recursive: true });
  const files = ['stdout', 'stderr'].map((name) => openSync(join(directory, name), 'a', 0o640));
  try {
    return spawn(process.execPath, args, {
      cwd: directory,
      env: { ...process.env, ...environment },
      stdio: ['pipe', ...files],
      detached: true,
    });
  } finally {
    for (const file of files) closeSync(file);
  }
}

export function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All of it has ended.
  }
}

function neverStarted(message: string): Child {
  const exit = { code: null, signal: null, wanted: false, reason: `the process could not be started: ${message}` };
  return { pid: undefined, exited: Promise.resolve(exit), stop: async () => exit, kill() {} };
}

/** The last characters of a file, in whole lines where there are some. */
function endOf(path: string): string {
  const maxBytes = 4000;
  try {
    const start = Math.max(0, statSync(path).size - maxBytes);
    const buffer = Buffer.alloc(maxBytes);
    const file = openSync(path, 'r');
    try {
      const text = buffer.toString('utf8', 0, readSync(file, buffer, 0, maxBytes, start));
      return (start === 0 ? text : text.slice(text.indexOf('\n') + 1)).trim();
    } finally {
      closeSync(file);
    }
  } catch {
    return '';
  }
}

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly error?: Error;
}

function ended(child: ChildProcess): Promise<Ended> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      if (child.pid === undefined) resolve({ code: null, signal: null, error });
    });
    // 'close' comes when all that it wrote was read; a process of its own that it left behind may hold the pipes open for ever.
    child.once('exit', (code, signal) => {
      const timer = setTimeout(() => resolve({ code, signal }), outputMillis);
      child.once('close', () => {
        clearTimeout(timer);
        resolve({ code, signal });
      });
    });
  });
}
