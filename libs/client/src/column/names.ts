import type { Expression } from '@kiln/contracts';
import { clientError } from '../errors.ts';

/**
 * The expression of a column name as `col()` takes it: `a`, `t.a`, `` `a.b` `` (a dot in the name), `*`, `t.*`.
 * `planId` binds it to one DataFrame.
 */
export function nameExpression(name: string, planId: number | null = null): Expression {
  if (name === '*') return { type: 'unresolved-star', target: null, except: [], position: null };
  if (name.endsWith('.*')) {
    return { type: 'unresolved-star', target: nameParts(name.slice(0, -2)), except: [], position: null };
  }
  return { type: 'unresolved-attribute', parts: nameParts(name), planId, position: null };
}

/** A name of one part for `col()`, whatever is in it. */
export function quotedName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** Splits a qualified name at its dots; back-quotes keep a dot, two of them are one. */
export function nameParts(name: string): readonly string[] {
  if (!/[.`]/.test(name)) return [name];
  const parts = name.match(/(?:`(?:[^`]|``)*`|[^.`]+)(?=\.|$)/g) ?? [];
  const length = parts.reduce((total, part) => total + part.length, parts.length - 1);
  if (length !== name.length) {
    throw clientError('KILN_ARGUMENT', `"${name}" is not a column name.`, {
      hint: 'Put back-quotes around a part with dots or back-quotes in it: `a.b`.',
    });
  }
  return parts.map((part) => (part.startsWith('`') ? part.slice(1, -1).replaceAll('``', '`') : part));
}
