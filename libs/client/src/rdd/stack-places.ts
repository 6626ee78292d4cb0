import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isKilnError } from '@kiln/base';
import type { AnyFunction, SentFunction } from './function-source.ts';

interface Place {
  readonly url: string;
  readonly sourceMapUrl: string;
  /** Where the function begins, from 0. */
  readonly line: number;
  readonly column: number;
}

/** Characters before the function on the first line that workers run. */
const wrapped = "'use strict';(".length;

/**
 * An error of a job with the stacks of its causes in the user's own sources: workers only know the function's number and the position in it.
 * Where a function is, the debugger's protocol knows; it is asked when something failed.
 */
export async function withPlaces(error: unknown, functions: readonly SentFunction[]): Promise<unknown> {
  for (let cause = error; isKilnError(cause); cause = cause.cause) {
    if (cause.stack?.includes('kiln-function:')) cause.stack = await placed(cause.stack, functions);
  }
  return error;
}

async function placed(stack: string, functions: readonly SentFunction[]): Promise<string> {
  const lines: string[] = [];
  for (const line of stack.split('\n')) lines.push(await placedFrame(line, functions));
  return lines.join('\n');
}

async function placedFrame(frame: string, functions: readonly SentFunction[]): Promise<string> {
  const [, before = '', index, row, column] = /^(\s+at .*?\(?)kiln-function:(\d+):(\d+):(\d+)/.exec(frame) ?? [];
  const fn = functions[Number(index)];
  if (fn === undefined) return frame;
  const end = before.endsWith('(') ? ')' : '';
  const [line, at] = [Number(row) - 1, Number(column) - 1 - (row === '1' ? wrapped : 0)];
  const place = fn.local === null ? undefined : await placeOf(fn.local);
  // Its call is known always.
  if (place === undefined) return `${before}${fn.name}, line ${line + 1} of the function${end}`;
  const first = line === 0 ? place.column - headOf(fn.text) : 0;
  return `${before}${mapped(place, place.line + line, first + at)}${end}`;
}

/** V8 says where the parameters of a function begin; its text begins before. */
function headOf(text: string): number {
  return /^(async\s+)?function\b/.test(text)
    ? text.indexOf('(')
    : text.startsWith('async')
      ? text.search(/(?<=async\s*)\S/)
      : 0;
}

function mapped({ url, sourceMapUrl }: Place, line: number, column: number): string {
  const path = url.startsWith('file:') ? fileURLToPath(url) : url;
  const map = sourceMapUrl === '' ? undefined : readSourceMap(path, sourceMapUrl);
  const entry = map?.findEntry(line, Math.max(0, column));
  if (entry === undefined || !('originalSource' in entry)) return `${path}:${line + 1}:${Math.max(0, column) + 1}`;
  const { originalSource } = entry;
  const source = originalSource.startsWith('file:')
    ? fileURLToPath(originalSource)
    : originalSource.startsWith('/')
      ? originalSource
      : fileURLToPath(new URL(originalSource, url.startsWith('file:') ? url : `file://${path}`));
  return `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
}

function readSourceMap(path: string, url: string): SourceMap | undefined {
  try {
    const [, base64] = /^data:[^,]*;base64,(.*)$/s.exec(url) ?? [];
    const text =
      base64 === undefined
        ? readFileSync(new URL(url, `file://${path}`), 'utf8')
        : Buffer.from(base64, 'base64').toString();
    return new SourceMap(JSON.parse(text) as SourceMapPayload);
  } catch {
    // Positions in what ran are better than none.
    return undefined;
  }
}

const asked = Symbol.for('kiln.askedFunction');

async function placeOf(fn: AnyFunction): Promise<Place | undefined> {
  const { Session } = await import('node:inspector');
  const session = new Session();
  const scripts = new Map<string, { url: string; sourceMapURL?: string | undefined }>();
  try {
    session.connect();
    session.on('Debugger.scriptParsed', ({ params }) => scripts.set(params.scriptId, params));
    // Calls on the same thread are answered before they return.
    session.post('Debugger.enable');
    (globalThis as Record<symbol, unknown>)[asked] = fn;
    let place: Place | undefined;
    session.post('Runtime.evaluate', { expression: "globalThis[Symbol.for('kiln.askedFunction')]" }, (_, found) => {
      const objectId = found?.result?.objectId;
      if (objectId === undefined) return;
      session.post('Runtime.getProperties', { objectId, ownProperties: true }, (_error, properties) => {
        const { value } = properties?.internalProperties?.find(({ name }) => name === '[[FunctionLocation]]') ?? {};
        const location = value?.value as { scriptId: string; lineNumber: number; columnNumber: number } | undefined;
        const script = location === undefined ? undefined : scripts.get(location.scriptId);
        if (location === undefined || script === undefined) return;
        const { lineNumber: line, columnNumber: column } = location;
        place = { url: script.url, sourceMapUrl: script.sourceMapURL ?? '', line, column };
      });
    });
    return place;
  } catch {
    return undefined;
  } finally {
    delete (globalThis as Record<symbol, unknown>)[asked];
    session.disconnect();
  }
}
