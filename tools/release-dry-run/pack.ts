// npm pack for every public package, and for the package that holds this platform's binary.
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { platformName } from '../../native/addon/platform.js';
import { workspacePackages } from '../checks/packages.ts';
import { openRepository } from '../checks/repository.ts';
import { addonFolder, binaryName, root } from '../native-build/paths.ts';
import { npm } from './npm.ts';

export interface Packed {
  readonly name: string;
  readonly file: string;
  readonly bytes: number;
}

export function packAll(into: string, scratch: string): Packed[] {
  const folders = workspacePackages(openRepository(root))
    .filter(({ folder }) => !(readManifest(join(root, folder)) as { private?: boolean }).private)
    .map(({ folder }) => join(root, folder));
  const published = folders.map((folder) => (folder === addonFolder ? nativePackage(join(scratch, 'native')) : folder));
  return [...published, platformPackage(join(scratch, 'platform'))].map((folder) => pack(folder, into));
}

const readManifest = (folder: string) =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>;

function pack(folder: string, into: string): Packed {
  const [result] = JSON.parse(
    npm(['pack', '--json', '--ignore-scripts', `--pack-destination=${into}`, folder], root),
  ) as {
    name: string;
    filename: string;
    files: { path: string }[];
  }[];
  if (!result) throw new Error(`npm pack said nothing about ${folder}`);
  const file = result.filename.replace('@', '').replace('/', '-');
  const stray = result.files.filter(({ path }) => /\.test\.|\.tsbuildinfo$|(^|\/)src\//.test(path));
  if (stray.length > 0)
    throw new Error(`${result.name} packs what no user needs: ${stray.map(({ path }) => path).join(', ')}`);
  return { name: result.name, file, bytes: statSync(join(into, file)).size };
}

/**
 * @kiln/native with the platform packages as optional dependencies. They are added here and not in
 * the committed package.json: before a release no registry has them, and `npm ci` would look there.
 */
function nativePackage(folder: string): string {
  const manifest = readManifest(addonFolder);
  mkdirSync(folder, { recursive: true });
  for (const file of manifest['files'] as string[]) copyFileSync(join(addonFolder, file), join(folder, file));
  const optionalDependencies = { [`@kiln/native-${platformName()}`]: manifest['version'] };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify({ ...manifest, optionalDependencies }, null, 2)}\n`);
  return folder;
}

/** The folder of `@kiln/native-<platform>`, as @napi-rs/cli lays it out. */
function platformPackage(folder: string): string {
  const binary = join(addonFolder, binaryName);
  if (!existsSync(binary)) throw new Error(`${binary} is missing: run "npm run build" first`);
  const { version, license, engines } = readManifest(addonFolder);
  const [os, cpu, libc] = platformName().split('-');
  const manifest = {
    name: `@kiln/native-${platformName()}`,
    version,
    description: `The native addon of Kiln for ${platformName()}.`,
    license,
    main: binaryName,
    files: [binaryName],
    engines,
    os: [os],
    cpu: [cpu],
    ...(os === 'linux' ? { libc: [libc === 'musl' ? 'musl' : 'glibc'] } : {}),
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  copyFileSync(binary, join(folder, binaryName));
  return folder;
}
