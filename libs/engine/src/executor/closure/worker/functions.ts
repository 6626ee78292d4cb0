import { createRequire, SourceMap, type SourceMapPayload } from 'node:module';
import { runInThisContext } from 'node:vm';
import type { FunctionSource } from '@kiln/contracts/planner';
import { decode } from '../../../records/index.ts';

// biome-ignore lint/suspicious/noExplicitAny: whatever the user wrote
export type UserFunction = (...parameters: any[]) => any;

/** The functions of a program, made from their source. */
export class Functions {
  readonly #sources: readonly FunctionSource[];
  readonly #made: (UserFunction | undefined)[] = [];
  readonly #args: unknown[] = [];

  constructor(sources: readonly FunctionSource[]) {
    this.#sources = sources;
  }

  /** With its `args` to be passed after the operator's own. */
  get(index: number): { readonly call: UserFunction; readonly args: unknown; readonly hasArgs: boolean } {
    const source = this.#sources[index];
    if (source === undefined) throw new Error(`There is no function ${index}`);
    const call = this.#made[index] ?? make(source, index);
    if (this.#made[index] === undefined && source.args !== null) this.#args[index] = decode(source.args);
    this.#made[index] = call;
    return { call, args: this.#args[index], hasArgs: source.args !== null };
  }

  /** A function of which all arguments but the operator's own are given. */
  bound(index: number): UserFunction {
    const { call, args, hasArgs } = this.get(index);
    if (!hasArgs) return call;
    return (...own) => call(...own, args);
  }

  /**
   * The stack of an error as far as it is in functions of users. Those that came as source have `kiln-function:3:1:15` as their place,
   * which the user's thread knows how to read; those of modules are found through the module's source map.
   */
  stackOf(error: unknown): string | undefined {
    const stack = error instanceof Error ? error.stack : undefined;
    if (stack === undefined) return undefined;
    const lines = stack.split('\n');
    const frames = lines.flatMap((line) => this.#frame(line) ?? []);
    const first = lines.findIndex((line) => /^\s+at /.test(line));
    const head = first < 0 ? lines : lines.slice(0, first);
    return [...head, ...frames].join('\n');
  }

  /** `undefined`: one of Kiln or of Node.js. */
  #frame(line: string): string | undefined {
    const [, before, index, row, column] = /^(\s+at .*?)kiln-function:(\d+):(\d+):(\d+)/.exec(line) ?? [];
    if (before === undefined) return undefined;
    const source = this.#sources[Number(index)];
    if (source?.code.type !== 'module') return `${line.replace(/^(\s+at )eval /, '$1')}`;
    const entry = new SourceMap(JSON.parse(source.code.map) as SourceMapPayload).findEntry(
      Number(row) - moduleLines,
      Number(column) - 1,
    );
    if (!('originalSource' in entry)) return line;
    const place = `${entry.originalSource}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
    return `${before}${place}${before.includes('(') ? ')' : ''}`;
  }
}

/** Lines before the code of a module. */
const moduleLines = 2;

function make({ code }: FunctionSource, index: number): UserFunction {
  const filename = `kiln-function:${index}`;
  // On the first line: positions in it are positions in the function, but for the 14 characters before.
  if (code.type === 'source') return runInThisContext(`'use strict';(${code.text}\n)`, { filename }) as UserFunction;
  const wrapped = `(function (module, exports, require) {\n${code.text}\n})`;
  const run = runInThisContext(wrapped, { filename }) as UserFunction;
  const module = { exports: {} as Record<string, UserFunction> };
  run(module, module.exports, createRequire(import.meta.url));
  const made = module.exports[code.export];
  if (typeof made !== 'function') throw new Error(`The module exports no function '${code.export}'`);
  return made;
}
