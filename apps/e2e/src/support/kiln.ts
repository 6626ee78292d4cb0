import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { repository } from './paths.ts';

export interface KilnProcess {
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
  /** Ctrl-C. */
  interrupt(): void;
}

/** The `kiln` command in a process of its own. */
export function startKiln(
  args: readonly string[],
  options: {
    readonly cwd?: string;
    readonly launcher?: string;
    readonly env?: Readonly<Record<string, string>>;
  } = {},
): KilnProcess {
  const launcher = options.launcher ?? join(repository, 'apps/cli/bin/kiln.js');
  const child: ChildProcess = spawn(process.execPath, [launcher, ...args], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const code = new Promise<number | null>((resolve) => child.on('close', resolve));
  const all = Promise.all([code, child.stdout ? text(child.stdout) : '', child.stderr ? text(child.stderr) : '']);
  return {
    ended: all.then(([exit, stdout, stderr]) => ({ code: exit, stdout, stderr })),
    interrupt: () => child.kill('SIGINT'),
  };
}
