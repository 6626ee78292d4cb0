// Cargo compiles Kiln's crates for each clone, and so would it compile what they stand on. A new
// clone's build folder begins with a copy of the dependencies that another clone has compiled.
import { spawnSync } from 'node:child_process';
import {
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { PROFILE, root } from './paths.ts';

/** Names the clone that a build folder is of, so that it can go when the clone is gone. */
const OWNER = 'clone';

/** Where cargo keeps this clone's intermediate files. */
export function buildFolder(): string {
  const call = ['metadata', '--no-deps', '--format-version=1'];
  const { status, stdout, stderr } = spawnSync('cargo', call, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`cargo metadata failed:\n${stderr}`);
  return (JSON.parse(stdout) as { build_directory: string }).build_directory;
}

const isBuilt = (folder: string) => existsSync(join(folder, PROFILE, '.fingerprint'));

/** Build folders of all clones: `<cache>/<2 letters>/<hash>`. */
function buildFolders(cache: string): string[] {
  const inside = (folder: string) =>
    readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [join(folder, entry.name)] : [],
    );
  return inside(cache).flatMap(inside).filter(isBuilt);
}

/** Kiln's own crates, locks, and programs (tests): all that is not a dependency. */
function isDependency(path: string): boolean {
  const name = basename(path);
  if (/^(lib)?kiln[_-]/.test(name) || name === '.cargo-lock' || name === 'incremental' || name === 'examples')
    return false;
  return basename(dirname(path)) !== 'deps' || /\.(rlib|rmeta|d|so|dylib|dll)$/.test(name);
}

/** Fills `folder` from the clone that built last; returns its folder, or `undefined` when there is nothing to do or to copy. */
export function seed(folder: string, clone: string): string | undefined {
  if (isBuilt(folder)) return undefined;
  const cache = dirname(dirname(folder));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, OWNER), clone);
  const last = (found: string) => statSync(join(found, PROFILE, '.fingerprint')).mtimeMs;
  const from = buildFolders(cache).toSorted((a, b) => last(b) - last(a))[0];
  if (from === undefined) return undefined;
  const unfinished = join(folder, `${PROFILE}.${process.pid}`);
  // Times too: cargo compares them.
  cpSync(join(from, PROFILE), unfinished, {
    recursive: true,
    preserveTimestamps: true,
    mode: constants.COPYFILE_FICLONE,
    filter: isDependency,
  });
  try {
    renameSync(unfinished, join(folder, PROFILE));
  } catch {
    rmSync(unfinished, { recursive: true, force: true });
    return undefined;
  }
  return from;
}

/** Removes the build folders of clones that are gone. */
export function prune(cache: string): void {
  for (const folder of buildFolders(cache)) {
    const owner = join(folder, OWNER);
    if (existsSync(owner) && !existsSync(readFileSync(owner, 'utf8'))) rmSync(folder, { recursive: true, force: true });
  }
}

/** Before a call of cargo that compiles. */
export function prepareBuildFolder(): void {
  const folder = buildFolder();
  seed(folder, root);
  prune(dirname(dirname(folder)));
}
