// node tools/native-build/tpch-data.ts SCALE PARTS FOLDER: TPC-H tables as Parquet, by the repository's own generator, which is
// built first. Does nothing where the folder is there already.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CargoFailed, runCargo } from './cargo.ts';
import { PROFILE, root } from './paths.ts';

const [scale = '', parts = '', folder = ''] = process.argv.slice(2);

async function makeTables(): Promise<void> {
  if (existsSync(folder)) return;
  // All members, so that dependencies are built with the same features as the addon's.
  await runCargo({
    args: ['build', `--profile=${PROFILE}`, '--workspace', '--bin=kiln-tpch'],
    packages: ['--workspace', '--edges=normal,build'],
  });
  mkdirSync(dirname(folder), { recursive: true });
  const unfinished = `${folder}.${process.pid}`;
  execFileSync(
    join(root, 'target', PROFILE, 'kiln-tpch'),
    ['--scale', scale, '--parts', parts, '--output', unfinished],
    { stdio: 'inherit' },
  );
  // Another process may have been as quick.
  if (existsSync(folder)) rmSync(unfinished, { recursive: true });
  else renameSync(unfinished, folder);
}

try {
  await makeTables();
} catch (error) {
  console.error(error instanceof CargoFailed ? error.message : error);
  process.exitCode = 1;
}
