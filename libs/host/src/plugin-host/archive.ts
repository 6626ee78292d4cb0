import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { finished } from 'node:stream/promises';
import { create, extract, type Pack } from 'tar';

/** What a plugin may import of Kiln: never shipped, every installation has it. */
const ours = ['@kiln/base', '@kiln/contracts'];
const isOurs = (name: string) => name.startsWith('@kiln/');

export interface PluginArchive {
  /** SHA-256 of the bytes, hex: the same files give the same bytes. */
  readonly hash: string;
  readonly bytes: Uint8Array;
}

/** The package in `directory` with what it depends on, as a tarball whose paths begin with `package/`. */
export async function packPlugin(directory: string): Promise<PluginArchive> {
  const files = new Map<string, string>();
  await addPackage(directory, 'package', files);
  const pack = create(
    {
      sync: true,
      portable: true,
      noMtime: true,
      follow: true,
      preservePaths: true,
      onWriteEntry: (entry) => {
        entry.path = files.get(entry.path) ?? entry.path;
      },
    },
    [...files.keys()].sort(),
  ) as unknown as Pack;
  const bytes = pack.read() ?? Buffer.alloc(0);
  return { hash: createHash('sha256').update(bytes).digest('hex'), bytes };
}

/** Unpacks it below `into`, where it finds this installation's own packages; gives the plugin's folder. */
export async function unpackPlugin(bytes: Uint8Array, into: string): Promise<string> {
  await mkdir(into, { recursive: true });
  const writing = extract({ cwd: into, strict: true });
  const done = finished(writing as unknown as NodeJS.WritableStream);
  writing.end(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  await done;
  const require = createRequire(import.meta.url);
  await mkdir(join(into, 'node_modules', '@kiln'), { recursive: true });
  for (const name of ours)
    await symlink(dirname(require.resolve(`${name}/package.json`)), join(into, 'node_modules', name), 'dir');
  return join(into, 'package');
}

/** All files of a package, and of its dependencies below it, by the path that they get in the archive. */
async function addPackage(directory: string, place: string, files: Map<string, string>): Promise<void> {
  for (const file of await filesOf(directory)) {
    const path = relative(directory, file).split(sep).join('/');
    // What two packages share is packed for both: a link in a tarball would point elsewhere.
    if (!files.has(file)) files.set(file, `${place}/${path}`);
  }
  const { dependencies = {} } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as {
    dependencies?: Readonly<Record<string, string>>;
  };
  for (const name of Object.keys(dependencies)
    .filter((each) => !isOurs(each))
    .sort()) {
    const found = locate(name, directory);
    if (found !== undefined) await addPackage(found, `${place}/node_modules/${name}`, files);
  }
}

async function filesOf(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const nested = await Promise.all(
    entries.map((entry) => {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) return ['node_modules', '.git'].includes(entry.name) ? [] : filesOf(path);
      return entry.isFile() ? [path] : [];
    }),
  );
  return nested.flat();
}

/** As Node.js looks for packages: `exports` may hide a package.json from `require.resolve`. */
function locate(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return candidate;
    if (folder === dirname(folder)) return undefined;
  }
}
