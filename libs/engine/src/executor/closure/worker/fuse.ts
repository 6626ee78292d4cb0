import type { UserFunction } from './functions.ts';
import type { Push } from './stream.ts';

/** An operator on one record at a time. */
export interface RecordOperator {
  readonly kind: 'map' | 'filter' | 'flat-map' | 'key-by' | 'map-values' | 'flat-map-values' | 'keys' | 'values';
  readonly call: UserFunction | null;
  /** Passed after the record. */
  readonly args: unknown;
  readonly hasArgs: boolean;
}

type Factory = (emit: Push, calls: readonly (UserFunction | null)[], args: readonly unknown[]) => Push;

/**
 * One function for a chain of operators: no iterator and no array between them. It is made as source, so that each place where it calls
 * a function calls always the same one, which V8 then inlines.
 */
export function fuse(
  operators: readonly RecordOperator[],
): (emit: Push, calls?: readonly (UserFunction | null)[]) => Push {
  const lines = ["'use strict';"];
  for (const [i, { hasArgs }] of operators.entries()) {
    lines.push(`const f${i} = calls[${i}];`);
    if (hasArgs) lines.push(`const a${i} = args[${i}];`);
  }
  // The last one first: each pushes to the one after it.
  let next = 'emit';
  for (let i = operators.length - 1; i >= 0; i--) {
    const { kind, hasArgs } = operators[i] as RecordOperator;
    lines.push(`const s${i} = (r) => { ${bodyOf(kind, (of) => `f${i}(${of}${hasArgs ? `, a${i}` : ''})`, next)} };`);
    next = `s${i}`;
  }
  lines.push(`return ${next};`);
  const make = new Function('emit', 'calls', 'args', lines.join('\n')) as Factory;
  const ownCalls = operators.map((operator) => operator.call);
  const args = operators.map((operator) => operator.args);
  return (emit, calls = ownCalls) => make(emit, calls, args);
}

function bodyOf(kind: RecordOperator['kind'], call: (of: string) => string, next: string): string {
  switch (kind) {
    case 'map':
      return `${next}(${call('r')});`;
    case 'filter':
      return `if (${call('r')}) ${next}(r);`;
    case 'flat-map':
      return `const all = ${call('r')}; if (Array.isArray(all)) for (let i = 0; i < all.length; i++) ${next}(all[i]); else for (const one of all) ${next}(one);`;
    case 'key-by':
      return `${next}([${call('r')}, r]);`;
    case 'map-values':
      return `${next}([r[0], ${call('r[1]')}]);`;
    case 'flat-map-values':
      return `for (const one of ${call('r[1]')}) ${next}([r[0], one]);`;
    case 'keys':
      return `${next}(r[0]);`;
    case 'values':
      return `${next}(r[1]);`;
  }
}
