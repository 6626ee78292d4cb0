// Holds the sources and Nx's project graph against the table in layers.ts.
import { posix } from 'node:path';
import { type ImportedModule, importsOf, packageOf } from './imports.ts';
import { isTestFile, LAYERS, MAY_INSTALL, ONLY_FROM, ROOMS, TESTS_MAY_IMPORT } from './layers.ts';
import { ownerOf, type WorkspacePackage, workspacePackages } from './packages.ts';
import type { Problem } from './problem.ts';
import type { Repository } from './repository.ts';

export function checkLayers(repository: Repository): Problem[] {
  const packages = workspacePackages(repository);
  const problems: Problem[] = packages
    .filter(({ layer }) => !layer || !(layer in LAYERS))
    .map(({ folder, layer }) => ({
      file: `${folder}/package.json`,
      text: layer ? `unknown layer "${layer}"` : 'no "layer:…" tag under "nx"',
    }));
  for (const file of repository.files) {
    const owner = ownerOf(packages, file);
    if (!owner || !/\.([cm]?ts|m?js)$/.test(file) || file.endsWith('.d.ts')) continue;
    if (file.startsWith('apps/examples/external-plugin/')) continue;
    for (const imported of importsOf(file, repository.read(file))) {
      const text = judge(file, owner, imported, packages);
      if (text) problems.push({ file, line: imported.line, text });
    }
  }
  return problems;
}

function judge(file: string, owner: WorkspacePackage, { specifier }: ImportedModule, all: readonly WorkspacePackage[]) {
  const name = packageOf(specifier);
  if (name === undefined) return specifier.startsWith('.') ? judgeRelative(file, owner, specifier) : undefined;
  const test = isTestFile(file);
  if (name !== owner.name && !isDeclared(name, owner, test))
    return `imports ${name}, which ${owner.folder}/package.json does not declare`;
  const folders = ONLY_FROM[name];
  if (folders && !test && !folders.some((folder) => file.startsWith(folder)))
    return `imports ${name}, which is only for ${folders.join(', ')}`;
  const target = all.find((each) => each.name === name);
  if (!target) return undefined;
  const entry = `.${specifier.slice(name.length)}`;
  if (target.exports.length > 0 && !target.exports.includes(entry))
    return `imports ${specifier}, which ${target.folder}/package.json does not export`;
  return arrow(owner, target, test) ? undefined : `${owner.layer} may not import ${target.layer} (${specifier})`;
}

/** vitest is the root's; a package's own tests may also use its devDependencies. */
function isDeclared(name: string, owner: WorkspacePackage, test: boolean): boolean {
  return owner.runtime.has(name) || (test && (name === 'vitest' || owner.development.has(name)));
}

function arrow(from: WorkspacePackage, to: WorkspacePackage, test: boolean): boolean {
  if (from.name === to.name) return true;
  const allowed = LAYERS[from.layer ?? ''] ?? [];
  return allowed.includes(to.layer ?? '') || (test && TESTS_MAY_IMPORT.includes(to.layer ?? ''));
}

function judgeRelative(file: string, owner: WorkspacePackage, specifier: string): string | undefined {
  const target = posix.join(posix.dirname(file), specifier);
  if (!target.startsWith(`${owner.folder}/`)) return `leaves its package: ${specifier}`;
  if (ROOMS.testsMayCross && isTestFile(file)) return undefined;
  const [from, to] = [roomOf(file), roomOf(target)];
  if (!from || !to || from === to || ROOMS.shared.some((room) => room === to)) return undefined;
  return `room ${from} imports its sibling ${to}: they meet in contracts`;
}

function roomOf(file: string): string | undefined {
  const rest = file.startsWith(`${ROOMS.folder}/`) ? file.slice(ROOMS.folder.length + 1).split('/') : [];
  return rest.length > 1 ? rest[0] : undefined;
}

export interface ProjectGraph {
  readonly dependencies: Readonly<Record<string, readonly { readonly target: string }[]>>;
}

/** The declared dependencies, as Nx sees them: also an arrow that no source uses is one. */
export function checkGraph(graph: ProjectGraph, packages: readonly WorkspacePackage[]): Problem[] {
  const problems: Problem[] = [];
  for (const from of packages) {
    for (const { target } of graph.dependencies[from.name] ?? []) {
      const to = packages.find(({ name }) => name === target);
      if (!to) continue;
      // A devDependency serves tests only.
      const test = !from.runtime.has(to.name);
      if (!arrow(from, to, test) && !MAY_INSTALL[from.layer ?? '']?.includes(to.layer ?? ''))
        problems.push({
          file: `${from.folder}/package.json`,
          text: `${from.layer} may not depend on ${to.layer} (${to.name})`,
        });
    }
  }
  return problems;
}
