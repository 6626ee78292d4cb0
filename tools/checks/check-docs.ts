// Every path and every npm script that a .md file names exists.
import { posix } from 'node:path';
import type { Problem } from './problem.ts';
import type { Repository } from './repository.ts';

/** A word that starts with one of our folders is a path. */
const PATH = /(?<![\w./@:-])(?:libs|plugins|native|apps|tools|docs|\.ci|\.cargo)\/[\w@.*{},/-]*/g;
const LINK = /\]\(([^)#\s]+)(?:#[^)\s]*)?\)/g;
const SCRIPT = /\bnpm run ([\w:-]+)/g;
const BUILT = /(^|\/)(dist|target|node_modules|out)(\/|$)|\.node$/;

export function checkDocs(repository: Repository): Problem[] {
  const known = knownPaths(repository);
  const scripts = npmScripts(repository);
  const problems: Problem[] = [];
  for (const file of repository.files) {
    // The changelog tells of what was; it may name what is gone.
    if (!file.endsWith('.md') || file === 'CHANGELOG.md') continue;
    for (const [index, line] of repository.read(file).split('\n').entries())
      for (const text of checkLine(line, posix.dirname(file), known, scripts))
        problems.push({ file, line: index + 1, text });
  }
  return problems;
}

function checkLine(line: string, folder: string, known: ReadonlySet<string>, scripts: readonly string[]): string[] {
  const paths = [...line.matchAll(PATH)].map(([path]) => path.replace(/[.,/]+$/, ''));
  const links = [...line.matchAll(LINK)].map(([, target = '']) => target).filter((target) => !/^[a-z]+:/.test(target));
  const named = [...line.matchAll(SCRIPT)].map(([, script = '']) => script);
  return [
    ...paths.filter((path) => !exists(path, known)).map((path) => `names ${path}, which does not exist`),
    ...links
      .filter((target) => !exists(resolveLink(target, folder), known))
      .map((target) => `links to ${target}, which does not exist`),
    ...named
      .filter((script) => !scripts.includes(script))
      .map((script) => `names "npm run ${script}", which package.json does not have`),
  ];
}

function resolveLink(target: string, folder: string): string {
  return posix.join(target.startsWith('/') ? '' : folder, target).replace(/^\/|\/$/g, '');
}

function knownPaths({ files }: Repository): Set<string> {
  const known = new Set<string>(files);
  for (const file of files)
    for (let folder = posix.dirname(file); folder !== '.'; folder = posix.dirname(folder)) known.add(folder);
  return known;
}

function npmScripts(repository: Repository): string[] {
  if (!repository.files.includes('package.json')) return [];
  const { scripts } = JSON.parse(repository.read('package.json')) as { scripts?: Record<string, string> };
  return Object.keys(scripts ?? {});
}

/** `*` and `{a,b}` are patterns: they must fit at least one path. */
function exists(path: string, known: ReadonlySet<string>): boolean {
  if (known.has(path) || path === '.' || BUILT.test(path)) return true;
  if (!/[*{]/.test(path)) return false;
  // A space inside the braces ended the match too early to judge it.
  if (/\{[^}]*$/.test(path)) return true;
  return [...known].some((each) => posix.matchesGlob(each, path));
}
