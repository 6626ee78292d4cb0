// The addon and the Rust tests must ask the same features of every crate, or cargo
// compiles DataFusion twice: once for `cargo build`, once for `cargo test`.
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { root } from './paths.ts';

/** Differences that are known and cheap. */
const ACCEPTED: readonly string[] = [];

function features(...args: string[]): Map<string, string> {
  const tree = spawnSync('cargo', ['tree', '--prefix=none', '--format={p}|{f}', ...args], {
    cwd: root,
    encoding: 'utf8',
  });
  expect(tree.status, tree.stderr).toBe(0);
  const lines = tree.stdout.split('\n').map((line) => line.replace(' (*)', '').split('|') as [string, string]);
  return new Map(lines);
}

test('cargo build and cargo test ask the same features', () => {
  const build = features('--package=kiln-addon', '--edges=normal,build');
  const tests = features('--workspace', '--edges=normal,build,dev');
  const different = [...build].filter(([crate, list]) => tests.get(crate) !== list).map(([crate]) => crate);
  expect(different.filter((crate) => !ACCEPTED.some((name) => crate.startsWith(`${name} `)))).toEqual([]);
});
