// One cargo call with progress: how many crates of how many, how long, how much longer.
import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { root } from './paths.ts';
import { BuildProgress, type CompilerArtifact, crateName, elapsed } from './progress.ts';
import { prepareBuildFolder } from './seed.ts';
import { statusLine } from './status-line.ts';

export interface CargoCall {
  readonly args: readonly string[];
  /** Arguments for `cargo tree` that name the packages this call may compile. */
  readonly packages: readonly string[];
  readonly env?: Record<string, string>;
}

export interface CargoResult {
  /** Dynamic libraries by package. */
  readonly libraries: ReadonlyMap<string, string>;
}

/** Lines of cargo that the progress replaces; all others (warnings, errors) are shown. */
const CHATTER =
  /^\s*(Compiling|Checking|Fresh|Finished|Downloading|Downloaded|Updating|Locking|Adding|Blocking|Executable|Running)\b/;

const DYNAMIC = /\.(so|dylib|dll)$/;

export class CargoFailed extends Error {}

const locked = process.env['CI'] ? ['--locked'] : [];

function packageNames(args: readonly string[]): Set<string> {
  const tree = spawnSync('cargo', ['tree', '--prefix=none', '--format={p}', ...args, ...locked], {
    cwd: root,
    encoding: 'utf8',
  });
  if (tree.status !== 0) throw new CargoFailed(`cargo tree failed:\n${tree.stderr}`);
  return new Set(
    tree.stdout
      .split('\n')
      .map((line) => line.split(' ')[0] ?? '')
      .filter(Boolean),
  );
}

export async function runCargo({ args, packages, env = {} }: CargoCall): Promise<CargoResult> {
  const line = statusLine();
  line.show('asking cargo for the list of crates (it downloads what is missing)', true);
  const names = packageNames(packages);
  prepareBuildFolder();
  const asked = Date.now();
  const libraries = new Map<string, string>();
  // Cargo compiles from its first message on; before, it may wait for another cargo.
  let progress: BuildProgress | undefined;
  const begun = () => {
    progress ??= new BuildProgress(names, Date.now());
    return progress;
  };
  const cargo = spawn('cargo', [...args, '--message-format=json-render-diagnostics', ...locked], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const waiting = () => `waiting for another cargo, which holds the build folder (${elapsed(Date.now() - asked)})`;
  const tick = setInterval(() => line.show(progress?.describe(Date.now()) ?? waiting()), 1000);
  createInterface({ input: cargo.stdout }).on('line', (text) => {
    if (!text.startsWith('{')) return;
    const message = JSON.parse(text) as CompilerArtifact;
    if (message.reason !== 'compiler-artifact') return;
    begun().finished(message);
    const library = message.target.kind.includes('cdylib') && message.filenames.find((file) => DYNAMIC.test(file));
    if (library) libraries.set(crateName(message.package_id), library);
  });
  createInterface({ input: cargo.stderr }).on('line', (text) => {
    const [, verb, rest = ''] = /^\s*(\w+) (.*)$/.exec(text) ?? [];
    if (!CHATTER.test(text)) line.print(text);
    else if (verb === 'Compiling') begun().started(rest.split(' ')[0] ?? rest, Date.now());
    else if (verb === 'Blocking') line.show(waiting(), true);
  });
  try {
    const how = await new Promise<number | string | null>((resolve, reject) => {
      cargo.on('error', reject).on('close', (code, signal) => resolve(signal ?? code));
    });
    if (how !== 0) {
      const hint = how === 'SIGKILL' ? ' (out of memory?)' : '';
      const ending = typeof how === 'string' ? `was ended by ${how}${hint}` : `failed (exit code ${how})`;
      throw new CargoFailed(`cargo ${args.join(' ')} ${ending}; its messages are above.`);
    }
  } finally {
    clearInterval(tick);
    line.clear();
  }
  return { libraries };
}
