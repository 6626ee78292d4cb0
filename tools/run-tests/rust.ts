// `cargo test` with the addon's profile: what the addon build compiled is not compiled again.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { CargoFailed, runCargo } from '../native-build/cargo.ts';
import { PROFILE, root } from '../native-build/paths.ts';
import { CargoTestCounter } from './cargo-test-output.ts';
import { add, type Counts, oneFailure } from './counts.ts';

const selection = ['test', `--profile=${PROFILE}`, '--workspace'];

export async function runRust(filters: readonly string[]): Promise<Counts> {
  try {
    await runCargo({ args: [...selection, '--no-run'], packages: ['--workspace', '--edges=normal,build,dev'] });
  } catch (error) {
    if (!(error instanceof CargoFailed)) throw error;
    console.error(error.message);
    return oneFailure('the Rust tests could not be built (see above)');
  }
  const counter = new CargoTestCounter();
  const command = [
    'cargo',
    ...selection,
    '--no-fail-fast',
    ...(process.env['CI'] ? ['--locked'] : []),
    '--',
    ...filters,
  ];
  // Both streams through one pipe: the line that names a test binary is on stderr,
  // its results are on stdout, and only their order tells what belongs together.
  const child = spawn('sh', ['-c', 'exec "$@" 2>&1', 'sh', ...command], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    counter.line(line);
    if (!CargoTestCounter.isNoise(line)) console.log(line);
  });
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  const counts = counter.end();
  if (code !== 0 && counts.failed === 0) return add(counts, oneFailure(`cargo test ended with exit code ${code}`));
  return counts;
}
