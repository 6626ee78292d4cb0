// What every package.json says: what the package is, under which licence, on which Node.js it runs.
import type { Problem } from './problem.ts';
import type { Repository } from './repository.ts';

/** Started by the user's own Node.js, they go on with the one of the npm package `node`. */
const HANDS_OVER = ['package.json', 'apps/cli/package.json'];
const LICENSE = 'Apache-2.0';

interface Manifest {
  readonly private?: boolean;
  readonly description?: string;
  readonly license?: string;
  readonly engines?: { readonly node?: string };
  readonly files?: readonly string[];
  readonly exports?: object;
}

export function checkManifests(repository: Repository): Problem[] {
  return repository.files
    .filter((file) => /^((libs|plugins|apps)\/[^/]+\/|native\/addon\/)?package\.json$/.test(file))
    .flatMap((file) => {
      const manifest = JSON.parse(repository.read(file)) as Manifest;
      return problemsOf(manifest, HANDS_OVER.includes(file) ? '>=20' : '>=24').map((text) => ({ file, text }));
    });
}

function problemsOf({ private: isPrivate, description, license, engines, files, exports }: Manifest, node: string) {
  return [
    ...(description ? [] : ['has no "description"']),
    ...(license === LICENSE ? [] : [`"license" is not ${LICENSE}`]),
    ...(engines?.node === node ? [] : [`"engines.node" is not "${node}"`]),
    ...(isPrivate || (files && exports) ? [] : ['is published without "files" and "exports"']),
  ];
}
