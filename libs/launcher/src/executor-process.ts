import { type ChildProcess, spawn } from 'node:child_process';
import { type ExecutorLaunch, executorLaunchVariable } from '@kiln/contracts/cluster-manager';
import { removeFilesOf } from './local-files.ts';
import { OutputTail } from './output-tail.ts';

export interface StartOptions {
  /** Main file of @kiln/executor. */
  readonly main: string;
  readonly launch: ExecutorLaunch;
  /** Of what the process writes to its standard output and error. */
  readonly onLine?: (line: string) => void;
  /** `false`: the files of a process that was killed stay, since a shuffle service serves them. Default: they go. */
  readonly removesFiles?: boolean;
}

export interface ExecutorExit {
  /** `null`: a signal ended it, or it never ran. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** For people, with the end of what it wrote when it failed. */
  readonly reason: string;
  /** It was told to stop. */
  readonly wanted: boolean;
}

/** How long the rest of what a dead process wrote is waited for. */
const outputMillis = 500;

/** An executor process of this machine. */
export interface ExecutorProcess {
  /** `undefined`: it could not be started. */
  readonly pid: number | undefined;
  /** When it is gone with its files; never rejects. */
  readonly exited: Promise<ExecutorExit>;
  /** Asks it to stop (SIGTERM), and ends it (SIGKILL) when it has not after `graceMillis`. */
  stop(graceMillis: number): Promise<ExecutorExit>;
}

/** Starts an executor. A process that cannot be started is one that has exited. */
export function startExecutor({ main, launch, onLine, removesFiles }: StartOptions): ExecutorProcess {
  const tail = new OutputTail(onLine ?? (() => {}));
  // The ids are for who looks at the list of processes; the secret is not among the arguments.
  const child = spawn(process.execPath, [main, launch.applicationId, launch.executorId], {
    env: { ...process.env, ...launch.environment, [executorLaunchVariable]: JSON.stringify(launch) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.on('data', (chunk: Buffer) => tail.write(chunk));
  child.stderr.on('data', (chunk: Buffer) => tail.write(chunk));
  let wanted = false;
  const exited = ended(child).then(async ({ code, signal, error }): Promise<ExecutorExit> => {
    tail.end();
    if (child.pid !== undefined && removesFiles !== false) await removeFilesOf(child.pid, launch.localDirs);
    const what = error?.message ?? (signal === null ? `exit code ${code}` : `signal ${signal}`);
    const wrote = wanted || code === 0 || tail.text === '' ? '' : `; it wrote last:\n${tail.text}`;
    return { code, signal, wanted, reason: `the process ended with ${what}${wrote}` };
  });
  return {
    pid: child.pid,
    exited,
    async stop(graceMillis) {
      wanted = true;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMillis);
      try {
        return await exited;
      } finally {
        clearTimeout(timer);
      }
    },
  };
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
