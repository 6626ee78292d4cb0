import type { FunctionCode, FunctionSource } from '@kiln/contracts';
import { encode } from '@kiln/engine/records';
import { parse } from 'acorn';
import { analyze } from 'eslint-scope';
import { clientError } from '../errors.ts';
import { callSite } from './call-site.ts';
import { type ModuleFunction, moduleFunctionOf } from './from-module.ts';

/** What a function gets besides the operator's own arguments: `{ args }` is its last one. */
export interface FunctionOptions<A> {
  /** Copied to the workers, once for a stage. */
  readonly args: A;
}

// biome-ignore lint/suspicious/noExplicitAny: whatever the user wrote
export type AnyFunction = (...parameters: any[]) => any;

/** A function of the user's on its way to the workers. */
export interface SentFunction {
  readonly name: string;
  /** As it is here, for stacks and for what is merged in this thread; `null`: Kiln's own or of a module. */
  readonly local: AnyFunction | null;
  readonly module: ModuleFunction | null;
  readonly text: string;
  readonly args: Uint8Array | null;
}

/**
 * Takes a function to be sent. It travels as its source, so all that it may use are its parameters, what it declares and globals of
 * Node.js. Errors: KILN_FUNCTION_CAPTURE names each variable of the surroundings; KILN_FUNCTION_SOURCE: its source cannot be sent.
 */
export function sentFunction(operator: string, fn: AnyFunction, options?: FunctionOptions<unknown>): SentFunction {
  if (typeof fn !== 'function') throw clientError('KILN_ARGUMENT', `${operator} needs a function, not ${typeof fn}.`);
  const site = callSite();
  const name = site === '' ? operator : `${operator} at ${site}`;
  const args = options === undefined || options.args === undefined ? null : encodedArgs(operator, options.args);
  const module = moduleFunctionOf(fn);
  if (module !== null) return { name, local: null, module, text: '', args };
  const text = Function.prototype.toString.call(fn);
  checkSource(operator, fn, text);
  return { name, local: fn, module: null, text, args };
}

/** A function of Kiln's own, which needs no check. */
export function ownFunction(operator: string, text: string): SentFunction {
  return { name: operator, local: null, module: null, text, args: null };
}

export function sourceOf({ name, text, args }: SentFunction, bundle: FunctionCode | null): FunctionSource {
  return { name, code: bundle ?? { type: 'source', text }, args };
}

function encodedArgs(operator: string, args: unknown): Uint8Array {
  try {
    return encode(args);
  } catch (cause) {
    throw clientError('KILN_ARGUMENT', `The args of ${operator} cannot be sent: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function checkSource(operator: string, fn: AnyFunction, text: string): void {
  const named = fn.name === '' ? `The function of ${operator}` : `The function '${fn.name}' of ${operator}`;
  if (/\{\s*\[native code\]\s*\}\s*$/.test(text)) {
    throw clientError('KILN_FUNCTION_SOURCE', `${named} is native or bound, so it has no source that could be sent.`, {
      hint: `Wrap it: ${fn.name === '' || fn.name.startsWith('bound ') ? '(record) => ..' : `(record) => ${fn.name}(record)`}`,
    });
  }
  if (/^async\b/.test(text) && operator !== 'foreachPartition') {
    throw clientError(
      'KILN_FUNCTION_SOURCE',
      `${named} is asynchronous; only the function of foreachPartition may be: the others run on one record after the other.`,
    );
  }
  if (/^class\b/.test(text)) throw clientError('KILN_FUNCTION_SOURCE', `${named} is a class, which cannot be called.`);
  const tree = parseFunction(text);
  if (tree === undefined) {
    throw clientError(
      'KILN_FUNCTION_SOURCE',
      `${named} is a method, a getter or the like, whose source does not stand alone.`,
      {
        hint: 'Give an arrow function, a function expression, or fromModule(import.meta.url, name).',
      },
    );
  }
  const free = freeVariables(tree);
  if (free.includes('this') || free.includes('super') || free.includes('new.target')) {
    throw clientError(
      'KILN_FUNCTION_SOURCE',
      `${named} uses '${free.find((name) => surroundings.has(name))}', which it does not have where it runs.`,
      {
        hint: 'Take what it needs out of the object, and give it as { args }.',
      },
    );
  }
  if (free.includes('import')) {
    throw clientError('KILN_FUNCTION_SOURCE', `${named} uses 'import', which needs the module that it is in.`, {
      hint: "Use process.getBuiltinModule('node:..') for what is Node.js's own, or fromModule(import.meta.url, name), which takes the module's imports along.",
    });
  }
  if (free.length > 0) throw captureError(named, operator, free);
}

function captureError(named: string, operator: string, free: readonly string[]): Error {
  const names = free.map((name) => `'${name}'`).join(', ');
  const [first] = free;
  return clientError(
    'KILN_FUNCTION_CAPTURE',
    `${named} uses ${names} from around it; it runs in another thread or process, where ${free.length === 1 ? 'that is' : 'those are'} not.`,
    {
      hint:
        `Give values as args: ${operator}((.., { ${free.join(', ')} }) => .., { args: { ${free.join(', ')} } }). ` +
        `Functions and imports come along in a module: ${operator}(fromModule(import.meta.url, 'name')) with an exported function that uses ${first}.`,
      concerns: { variables: free.join(', ') },
    },
  );
}

type Tree = ReturnType<typeof parse>;

function parseFunction(text: string): Tree | undefined {
  try {
    return parse(`(${text}\n)`, { ecmaVersion: 'latest', sourceType: 'module', ranges: true });
  } catch {
    return undefined;
  }
}

const surroundings: ReadonlySet<string> = new Set(['this', 'super', 'new.target']);

/** Variables that nothing in the source declares and that are no globals, and `this` and the like where they are used. */
function freeVariables(tree: Tree): string[] {
  const free = new Set<string>();
  // biome-ignore lint/suspicious/noExplicitAny: acorn's and eslint-scope's types of ESTree differ
  const scopes = analyze(tree as any, { ecmaVersion: 2024, sourceType: 'module' });
  for (const { identifier } of scopes.globalScope?.through ?? [])
    if (!globals.has(identifier.name)) free.add(identifier.name);
  const [statement] = tree.body;
  const isArrow = statement?.type === 'ExpressionStatement' && statement.expression.type === 'ArrowFunctionExpression';
  findSurroundings(tree, free, isArrow ? 1 : 0);
  return [...free];
}

/** Those of Node.js, before a program adds its own. `__name`: a helper that bundlers put into functions; workers have it. */
const globals: ReadonlySet<string> = new Set([...Object.getOwnPropertyNames(globalThis), '__name', 'arguments']);

/** `depth`: of functions that have a `this` of their own, the outermost one included. */
function findSurroundings(node: unknown, free: Set<string>, depth: number): void {
  if (Array.isArray(node)) {
    for (const item of node) findSurroundings(item, free, depth);
    return;
  }
  if (typeof node !== 'object' || node === null || !('type' in node)) return;
  const { type } = node as { readonly type: string };
  const name = surroundingOf(node as { readonly type: string; readonly meta?: { readonly name?: string } });
  // Functions and classes inside have a `this` of their own.
  if (name !== undefined && (name === 'import' || depth < 2)) free.add(name);
  const inner = depth + (ownThis[type] ?? 0);
  for (const [key, child] of Object.entries(node)) if (key !== 'type') findSurroundings(child, free, inner);
}

const ownThis: Readonly<Record<string, number>> = { FunctionExpression: 1, FunctionDeclaration: 1, ClassBody: 2 };

function surroundingOf({ type, meta }: { readonly type: string; readonly meta?: { readonly name?: string } }) {
  switch (type) {
    case 'ThisExpression':
      return 'this';
    case 'Super':
      return 'super';
    case 'ImportExpression':
      return 'import';
    case 'MetaProperty':
      return meta?.name === 'import' ? 'import' : 'new.target';
    default:
      return undefined;
  }
}
