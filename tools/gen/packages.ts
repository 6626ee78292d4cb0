// Runs the generators of the packages: each <package>/scripts/generate.ts. They write
// sources, so they come before TypeScript is built and import their own package's sources.
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { root } from '../native-build/paths.ts';

for (const script of globSync('{libs,plugins,apps}/*/scripts/generate.ts', { cwd: root }).sort()) {
  const { status } = spawnSync(process.execPath, [script], { cwd: root, stdio: 'inherit' });
  if (status !== 0) {
    console.error(`${script} failed`);
    process.exitCode = 1;
  }
}
