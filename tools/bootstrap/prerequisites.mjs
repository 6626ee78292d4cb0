// What must be on the machine: Node.js 20, a Rust toolchain, a C compiler.
// Each missing thing is told at once, with the command that brings it.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Explained, root, say } from './console.mjs';

const MINIMUM_NODE = 20;

function output(command, args) {
  const result = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  return result.status === 0 ? result.stdout.trim() : undefined;
}

/** True if version `have` is at least `want`, both as "1.94" or "1.94.2". */
export function atLeast(have, want) {
  const [a, b] = [have, want].map((text) => text.split('.').map(Number));
  for (let i = 0; i < b.length; i++) if ((a[i] ?? 0) !== b[i]) return (a[i] ?? 0) > b[i];
  return true;
}

export function problemsWith({ node, rustc, cc, wantedRust }) {
  const problems = [];
  if (!atLeast(node, String(MINIMUM_NODE)))
    problems.push(`Node.js ${MINIMUM_NODE} or newer is needed, this is ${node}.`);
  if (!rustc)
    problems.push(
      `Rust ${wantedRust} or newer is needed to build the native addon, and "rustc" was not found.\n` +
        '  Install it from https://rustup.rs (no root rights needed), then open a new shell.',
    );
  else if (!atLeast(rustc, wantedRust))
    problems.push(`Rust ${wantedRust} or newer is needed, this is ${rustc}. Run "rustup update stable".`);
  if (!cc)
    problems.push(
      'A C compiler is needed (zstd and mimalloc are C), and none of cc, gcc, clang was found.\n' +
        '  Debian or Ubuntu: apt install build-essential. Fedora: dnf install gcc. macOS: xcode-select --install.',
    );
  return problems;
}

export function checkPrerequisites() {
  const found = {
    node: process.versions.node,
    rustc: /^rustc (\d+\.\d+\.\d+)/.exec(output('rustc', ['--version']) ?? '')?.[1],
    // On Windows the MSVC tools are found by rustc itself, not through PATH.
    cc:
      process.platform === 'win32'
        ? 'msvc'
        : [process.env.CC, 'cc', 'gcc', 'clang'].find((name) => name && output(name, ['--version'])),
    wantedRust: /rust-version = "([\d.]+)"/.exec(readFileSync(join(root, 'Cargo.toml'), 'utf8'))?.[1] ?? '0',
  };
  const problems = problemsWith(found);
  if (!output('cargo', ['--version']) && found.rustc)
    problems.push('"rustc" is there but "cargo" is not: reinstall Rust from https://rustup.rs.');
  if (problems.length > 0) throw new Explained(problems.map((text) => `- ${text}`).join('\n'));
  say(`Node.js ${found.node}, Rust ${found.rustc}, C compiler ${found.cc}`);
}
