// Injection without emitted metadata: every constructor parameter of an injectable names its
// token, and nothing enters tsyringe's global container at import time.
import { Visitor } from 'oxc-parser';
import { lineAt, parse } from './imports.ts';
import type { Problem } from './problem.ts';
import type { Repository } from './repository.ts';

const GLOBAL = ['singleton', 'scoped', 'registry', 'autoInjectable'];
const TOKENS = ['inject', 'injectAll', 'injectWithTransform', 'injectAllWithTransform'];

/** The few fields of the syntax tree that matter here. */
interface Decorated {
  readonly start: number;
  readonly decorators?: readonly { readonly expression: { callee?: { name?: string }; name?: string } }[];
}
interface ClassNode extends Decorated {
  readonly body: { readonly body: readonly { kind?: string; value?: { params: readonly Decorated[] } }[] };
}

const namesOf = ({ decorators }: Decorated): string[] =>
  (decorators ?? []).map(({ expression }) => expression.callee?.name ?? expression.name ?? '');

export function checkInjection(repository: Repository): Problem[] {
  return repository.files
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
    .flatMap((file) => checkFile(file, repository.read(file)));
}

function checkFile(file: string, text: string): Problem[] {
  if (!/@(inject|singleton|scoped|registry|autoInjectable)/.test(text)) return [];
  const problems: Problem[] = [];
  const visit = (node: unknown) => {
    for (const [offset, what] of checkClass(node as ClassNode))
      problems.push({ file, line: lineAt(text, offset), text: what });
  };
  new Visitor({ ClassDeclaration: visit, ClassExpression: visit }).visit(parse(file, text).program);
  return problems;
}

function checkClass(node: ClassNode): [number, string][] {
  const names = namesOf(node);
  const problems: [number, string][] = names
    .filter((name) => GLOBAL.includes(name))
    .map((name) => [node.start, `@${name} registers in the global container: bind in host/composition instead`]);
  if (!names.includes('injectable')) return problems;
  const parameters = node.body.body.flatMap(({ kind, value }) => (kind === 'constructor' ? (value?.params ?? []) : []));
  for (const parameter of parameters)
    if (!namesOf(parameter).some((name) => TOKENS.includes(name)))
      problems.push([parameter.start, 'a constructor parameter of an @injectable class needs @inject(TOKEN)']);
  return problems;
}
