// Nothing of one machine in what is committed; a lock file that names no host and fits the packages.
import { missingPlatforms } from '../lock-file/platforms.ts';
import type { Problem } from './problem.ts';
import type { Repository } from './repository.ts';

const TEXT = /\.(ts|js|mjs|json|ya?ml|md|toml|rs|sh)$|^\.npmrc$|^\.ci\//;
// Written with classes so that this file does not find itself.
const HOME = /(?<![\w.])\/(roo[t]|home\/[\w.-]+|Users\/[\w.-]+|work\/(mai[n]|share[d]))\//;
const LOCK = 'package-lock.json';
const GROUPS = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'] as const;

type Manifest = Partial<Record<(typeof GROUPS)[number], Record<string, string>>>;

export function checkHygiene(repository: Repository): Problem[] {
  const problems: Problem[] = repository.files.includes(LOCK) ? checkLock(repository) : [];
  for (const file of repository.files.filter((each) => TEXT.test(each) && each !== LOCK)) {
    const text = repository.read(file);
    const found = HOME.exec(text);
    if (!found) continue;
    const line = text.slice(0, found.index).split('\n').length;
    problems.push({ file, line, text: `names a folder of one machine (${found[0]})` });
  }
  return problems;
}

/** `npm ci` refuses a lock file that does not fit: better to hear it before the push. */
function checkLock(repository: Repository): Problem[] {
  const text = repository.read(LOCK);
  const problems: Problem[] = [];
  if (/"resolved": "http/.test(text))
    problems.push({ file: LOCK, text: 'names a registry host: run npm install with the .npmrc of this repository' });
  const { packages } = JSON.parse(text) as { packages: Record<string, Manifest> };
  const missing = Object.keys(missingPlatforms(packages));
  if (missing.length > 0)
    problems.push({
      file: LOCK,
      text: `lacks ${missing.length} binaries of other platforms, npm ci would fail: run npm run fix`,
    });
  for (const [folder, locked] of Object.entries(packages)) {
    const file = folder === '' ? 'package.json' : `${folder}/package.json`;
    if (folder.includes('node_modules') || !repository.files.includes(file)) continue;
    const manifest = JSON.parse(repository.read(file)) as Manifest;
    for (const group of GROUPS)
      if (sorted(manifest[group]) !== sorted(locked[group]))
        problems.push({ file, text: `${group} differ from ${LOCK}: run npm install and commit both` });
  }
  return problems;
}

const sorted = (names: Record<string, string> = {}): string => JSON.stringify(Object.entries(names).sort());
