import { fileURLToPath, pathToFileURL } from 'node:url';
import type { FunctionCode } from '@kiln/contracts';
import { clientError } from '../errors.ts';
import type { AnyFunction } from './function-source.ts';

const moduleTag = Symbol.for('kiln.moduleFunction');

/** A function that an ES module exports. */
export interface ModuleFunction {
  readonly path: string;
  readonly name: string;
}

/**
 * A function that travels with its module and all that this imports, bundled into one file:
 * `rdd.map(fromModule<typeof parse>(import.meta.url, 'parse'))`.
 *
 * The module is run once in each worker, so keep what starts a session out of it. `url`: of the module or of a file beside it, as
 * `new URL('./parse.ts', import.meta.url)`.
 */
export function fromModule<F extends AnyFunction = AnyFunction>(url: string | URL, name: string): NoInfer<F> {
  const path = String(url).startsWith('file:') ? fileURLToPath(url) : String(url);
  const module: ModuleFunction = { path, name };
  const standIn = () => {
    throw clientError(
      'KILN_ARGUMENT',
      `fromModule(.., '${name}') stands for a function that runs in workers: it cannot be called here.`,
    );
  };
  return Object.assign(standIn, { [moduleTag]: module }) as unknown as NoInfer<F>;
}

export function moduleFunctionOf(fn: AnyFunction): ModuleFunction | null {
  return (fn as unknown as { readonly [moduleTag]?: ModuleFunction })[moduleTag] ?? null;
}

/** The function itself, in this thread. */
export async function importFunction({ path, name }: ModuleFunction): Promise<AnyFunction> {
  const module = (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
  const found = module[name];
  if (typeof found !== 'function') throw noExport(path, name);
  return found as AnyFunction;
}

const bundles = new Map<string, Promise<FunctionCode>>();

/** The module in one file. Each is bundled once in a process. Errors: KILN_FUNCTION_MODULE. */
export function bundleOf(module: ModuleFunction): Promise<FunctionCode> {
  const key = `${module.name} ${module.path}`;
  const known = bundles.get(key);
  if (known !== undefined) return known;
  const made = bundle(module);
  bundles.set(key, made);
  made.catch(() => bundles.delete(key));
  return made;
}

async function bundle({ path, name }: ModuleFunction): Promise<FunctionCode> {
  // Only who sends modules pays for it.
  const { rolldown } = await import('rolldown');
  const entry = '\0kiln:entry';
  try {
    const build = await rolldown({
      input: entry,
      platform: 'node',
      logLevel: 'silent',
      plugins: [
        {
          name: 'kiln-entry',
          resolveId: (source) => (source === entry ? entry : source === '@kiln/client' ? '\0kiln:client' : null),
          load: (id) => {
            if (id === entry) return `export { ${name} } from ${JSON.stringify(path)};`;
            if (id !== '\0kiln:client') return null;
            throw new Error(
              "it imports '@kiln/client', which does not run in workers: put the function into a module of its own",
            );
          },
        },
      ],
    });
    const { output } = await build.generate({ format: 'cjs', sourcemap: true, exports: 'named', codeSplitting: false });
    await build.close();
    const [chunk] = output;
    return { type: 'module', text: chunk.code, map: absoluteSources(chunk.map, path), export: name };
  } catch (cause) {
    throw clientError('KILN_FUNCTION_MODULE', `'${name}' of ${path} cannot be bundled: ${firstLine(cause)}`, {
      cause,
      concerns: { file: path },
    });
  }
}

function absoluteSources(map: { toString(): string } | null, path: string): string {
  if (map === null) return '{"version":3,"sources":[],"names":[],"mappings":""}';
  const data = JSON.parse(map.toString()) as { sources: (string | null)[]; sourcesContent?: unknown };
  // Relative to the working directory, where the bundle would be.
  const base = pathToFileURL(`${process.cwd()}/dist/`);
  const sources = data.sources.map((source) => (source === null ? path : fileURLToPath(new URL(source, base))));
  return JSON.stringify({ ...data, sources, sourcesContent: [] });
}

function firstLine(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.split('\n').find((line) => line.trim() !== '' && !/^Build failed/.test(line)) ?? text;
}

function noExport(path: string, name: string): Error {
  return clientError('KILN_FUNCTION_MODULE', `${path} exports no function '${name}'.`, { concerns: { file: path } });
}
