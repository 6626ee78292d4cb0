import { readFile } from 'node:fs/promises';
import { dirname, extname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { KilnError } from '@kiln/base';
import { parseSync } from 'oxc-parser';

/** `new URL('./parse.ts', import.meta.url)`: a file that a module needs beside those it imports. */
const relativeUrl = /\bnew URL\(\s*(['"])(\.{1,2}\/[^'"\n]+)\1\s*,\s*import\.meta\.url\s*\)/g;
const moduleExtensions = ['.ts', '.mts', '.js', '.mjs'];

/**
 * A module and all files that it reaches by relative paths in imports and in `new URL(.., import.meta.url)`, as absolute paths, itself
 * first. Packages are not followed. Errors: KILN_JOB_MODULE for a file that is not there or cannot be parsed.
 */
export async function moduleFiles(entry: string): Promise<readonly string[]> {
  const found = new Set([resolve(entry)]);
  // A set that grows is iterated to its end.
  for (const file of found) for (const next of await neededBy(file, entry)) found.add(next);
  return [...found];
}

async function neededBy(file: string, entry: string): Promise<readonly string[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new KilnError('KILN_JOB_MODULE', `${file} is needed by ${entry} and cannot be read`, { cause });
  }
  if (!moduleExtensions.includes(extname(file))) return [];
  const specifiers = [...importsOf(file, text), ...[...text.matchAll(relativeUrl)].map(([, , path = '']) => path)];
  return specifiers
    .filter((specifier) => /^(\.{1,2}\/|file:)/.test(specifier))
    .map((specifier) => fileURLToPath(new URL(specifier, pathToFileURL(`${dirname(file)}/`))));
}

/** Those for types only are gone when the module runs. */
function importsOf(file: string, text: string): readonly string[] {
  const { module, errors } = parseSync(file, text);
  const [error] = errors;
  if (error !== undefined)
    throw new KilnError('KILN_JOB_MODULE', `${file} cannot be parsed: ${error.message}`, { concerns: { file } });
  const imports = module.staticImports
    .filter(({ entries }) => entries.length === 0 || entries.some(({ isType }) => !isType))
    .map(({ moduleRequest }) => moduleRequest.value);
  const exports = module.staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ moduleRequest, isType }) => (isType ? [] : (moduleRequest?.value ?? []))),
  );
  // What is computed when the module runs cannot be known now.
  const dynamic = module.dynamicImports.flatMap(({ moduleRequest: { start, end } }) => {
    return /^(['"])(.*)\1$/.exec(text.slice(start, end))?.[2] ?? [];
  });
  return [...imports, ...exports, ...dynamic];
}
