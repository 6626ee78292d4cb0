// Starts child processes: with the Node 24 of the npm package `node`, from the
// repository's root, with Nx kept off the network.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { AlreadyTold, Explained, root } from './console.mjs';

export function run(command, args, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
    // A terminal sends Ctrl-C to the child too: wait for it instead of leaving it behind.
    const wait = () => {};
    const stop = () => child.kill('SIGTERM');
    process.on('SIGINT', wait).on('SIGTERM', stop);
    child.on('error', (error) => reject(new Explained(`cannot start ${command}: ${error.message}`)));
    child.on('exit', (code, signal) => {
      process.off('SIGINT', wait).off('SIGTERM', stop);
      if (code === 0) resolve();
      else reject(new Explained(`${command} ${args.join(' ')} ended with ${signal ?? `exit code ${code}`}`));
    });
  });
}

/** For children that end with a summary of their own. */
export function quietly(running) {
  return running.catch((error) => {
    throw /exit code/.test(error.message) ? new AlreadyTold(error.message) : error;
  });
}

export function node24Path() {
  const file = process.platform === 'win32' ? 'node.exe' : 'node';
  const bundled = join(root, 'node_modules', 'node', 'bin', file);
  if (existsSync(bundled)) return bundled;
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  throw new Explained(
    'Node.js 24 is missing. It comes with the npm package "node", whose install script did not run.\n' +
      'Try "npm rebuild node"; or start this command with Node.js 24 or newer.',
  );
}

const environment = () => ({
  // Children that say "node" or "tsc" get the ones of this repository.
  PATH: [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
  NX_NO_CLOUD: 'true',
  NX_DAEMON: 'false',
});

export async function node24(args, env = {}) {
  return run(node24Path(), args, { ...environment(), ...env });
}

export async function nx(args) {
  return node24([join('node_modules', 'nx', 'dist', 'bin', 'nx.js'), ...args]);
}
