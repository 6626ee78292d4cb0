// Which modules a source file names, found by a real parser.
import { type ParseResult, parseSync, Visitor } from 'oxc-parser';

export interface ImportedModule {
  readonly specifier: string;
  readonly line: number;
}

export function parse(file: string, text: string): ParseResult {
  const result = parseSync(file, text);
  const [error] = result.errors;
  if (error) throw new Error(`${file} cannot be parsed: ${error.message}`);
  return result;
}

export const lineAt = (text: string, offset: number): number => text.slice(0, offset).split('\n').length;

/** Static and dynamic imports, re-exports, and `import('x')` types. */
export function importsOf(file: string, text: string): ImportedModule[] {
  const { module, program } = parse(file, text);
  const found = new Map<number, string>();
  for (const { moduleRequest } of module.staticImports) found.set(moduleRequest.start, moduleRequest.value);
  for (const { entries } of module.staticExports)
    for (const { moduleRequest } of entries) if (moduleRequest) found.set(moduleRequest.start, moduleRequest.value);
  for (const { moduleRequest } of module.dynamicImports) {
    const literal = /^(['"`])([^'"`$]*)\1$/.exec(text.slice(moduleRequest.start, moduleRequest.end));
    if (literal?.[2]) found.set(moduleRequest.start, literal[2]);
  }
  new Visitor({ TSImportType: ({ source }) => void found.set(source.start, source.value) }).visit(program);
  return [...found].map(([offset, specifier]) => ({ specifier, line: lineAt(text, offset) }));
}

/** `@kiln/contracts/plan` -> `@kiln/contracts`; relative and node: specifiers are no package. */
export function packageOf(specifier: string): string | undefined {
  if (/^(\.|\/|#|node:)/.test(specifier)) return undefined;
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0];
}
