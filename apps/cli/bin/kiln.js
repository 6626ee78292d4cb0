#!/usr/bin/env node
// Starts on Node 20 and hands over to the Node 24 of the npm package `node`; on Node 24 it goes on by itself.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';

const WANTED = 24;
const main = new URL('../dist/main.js', import.meta.url);

function fail(message) {
  process.stderr.write(`kiln: ${message}\n`);
  process.exit(1);
}

function bundledNode() {
  try {
    const root = dirname(createRequire(import.meta.url).resolve('node/package.json'));
    const file = join(root, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    return existsSync(file) ? file : undefined;
  } catch {
    return undefined;
  }
}

/** The child shares the terminal; its signals and its exit code are ours. */
function handOver(node) {
  const child = spawn(node, [...process.execArgv, ...process.argv.slice(1)], { stdio: 'inherit' });
  // A terminal sends Ctrl-C to both: the child takes two within a moment for one.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => fail(`cannot start ${node}: ${error.message}`));
  child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : (code ?? 1)));
}

if (!existsSync(main)) {
  fail('it is not built yet. Run "npm run build" in the repository.');
} else if (Number(process.versions.node.split('.')[0]) >= WANTED) {
  module.enableCompileCache?.();
  await import(main.href);
} else {
  const node = bundledNode();
  if (node) handOver(node);
  else {
    fail(
      `Node.js ${WANTED} is needed and this is ${process.version}. The npm package "node" should have brought it: ` +
        'its install script was probably blocked. Run "npm rebuild node", or start kiln with a newer Node.js.',
    );
  }
}
