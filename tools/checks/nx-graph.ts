// Nx's project graph, through its command line: the stable way in.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProjectGraph } from './check-layers.ts';

export function nxGraph(root: string): ProjectGraph {
  const folder = mkdtempSync(join(tmpdir(), 'kiln-graph-'));
  try {
    const file = join(folder, 'graph.json');
    const nx = join(root, 'node_modules', 'nx', 'dist', 'bin', 'nx.js');
    const env = { ...process.env, NX_DAEMON: 'false', NX_NO_CLOUD: 'true' };
    const run = spawnSync(process.execPath, [nx, 'graph', `--file=${file}`], { cwd: root, encoding: 'utf8', env });
    if (run.status !== 0) throw new Error(`nx graph failed:\n${run.stdout}${run.stderr}`);
    return (JSON.parse(readFileSync(file, 'utf8')) as { graph: ProjectGraph }).graph;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
