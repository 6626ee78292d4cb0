// The workspace's packages, as their package.json files describe them.
import { posix } from 'node:path';
import type { Repository } from './repository.ts';

type Names = Readonly<Record<string, string>>;

interface Manifest {
  readonly name: string;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Names;
  readonly optionalDependencies?: Names;
  readonly peerDependencies?: Names;
  readonly devDependencies?: Names;
  readonly nx?: { readonly tags?: readonly string[] };
}

export interface WorkspacePackage {
  readonly folder: string;
  readonly name: string;
  readonly layer: string | undefined;
  readonly exports: readonly string[];
  /** Names that its published code may import, and those that its tests may import besides. */
  readonly runtime: ReadonlySet<string>;
  readonly development: ReadonlySet<string>;
}

export function workspacePackages(repository: Repository): WorkspacePackage[] {
  return repository.files
    .filter((file) => /^(libs|plugins|apps)\/[^/]+\/package\.json$|^native\/addon\/package\.json$/.test(file))
    .map((file) => {
      const manifest = JSON.parse(repository.read(file)) as Manifest;
      const keys = (...groups: (Names | undefined)[]) => new Set(groups.flatMap((group) => Object.keys(group ?? {})));
      return {
        folder: posix.dirname(file),
        name: manifest.name,
        layer: manifest.nx?.tags?.find((tag) => tag.startsWith('layer:'))?.slice('layer:'.length),
        exports: Object.keys(manifest.exports ?? {}),
        runtime: keys(manifest.dependencies, manifest.optionalDependencies, manifest.peerDependencies),
        development: keys(manifest.devDependencies),
      };
    });
}

export function ownerOf(packages: readonly WorkspacePackage[], file: string): WorkspacePackage | undefined {
  return packages.find(({ folder }) => file.startsWith(`${folder}/`));
}
