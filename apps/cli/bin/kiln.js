#!/usr/bin/env node
// Starts on Node 20 and hands over to the Node 24 of the npm package `node`.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const WANTED = 24;
const major = Number(process.versions.node.split('.')[0]);

function bundledNode() {
  try {
    const root = dirname(createRequire(import.meta.url).resolve('node/package.json'));
    const file = join(root, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    return existsSync(file) ? file : undefined;
  } catch {
    return undefined;
  }
}

if (major >= WANTED) {
  await import('../dist/main.js');
} else {
  const node = bundledNode();
  if (!node) {
    console.error(
      `kiln needs Node.js ${WANTED} and this is ${process.version}. The npm package "node" should have brought it: ` +
        'its install script was probably blocked. Run "npm rebuild node", or start kiln with a newer Node.js.',
    );
    process.exit(1);
  }
  const child = spawn(node, [...process.execArgv, ...process.argv.slice(1)], { stdio: 'inherit' });
  // The child gets terminal signals itself (same group); others are passed on.
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  process.on('SIGINT', () => {});
  child.on('exit', (code, signal) => (signal ? process.kill(process.pid, signal) : process.exit(code ?? 1)));
}
