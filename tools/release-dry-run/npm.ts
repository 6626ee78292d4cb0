import { spawnSync } from 'node:child_process';

/** Runs npm and returns what it printed; its own warnings go to the terminal. */
export function npm(args: readonly string[], cwd: string): string {
  const command = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const { status, stdout, error } = spawnSync(command, ['--loglevel=error', ...args], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 64 << 20,
    // Without the settings that npm hands to its scripts: this npm serves another folder.
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name))),
  });
  if (status !== 0) throw new Error(`npm ${args.join(' ')} failed: ${error?.message ?? stdout}`);
  return stdout;
}
