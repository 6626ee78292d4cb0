import { nearest } from '@kiln/base';
import type { JoinKind } from '@kiln/contracts';
import { clientError } from '../errors.ts';

const kinds = {
  inner: 'inner',
  cross: 'cross',
  outer: 'full-outer',
  full: 'full-outer',
  fullouter: 'full-outer',
  full_outer: 'full-outer',
  left: 'left-outer',
  leftouter: 'left-outer',
  left_outer: 'left-outer',
  right: 'right-outer',
  rightouter: 'right-outer',
  right_outer: 'right-outer',
  semi: 'left-semi',
  leftsemi: 'left-semi',
  left_semi: 'left-semi',
  anti: 'left-anti',
  leftanti: 'left-anti',
  left_anti: 'left-anti',
} as const satisfies Record<string, JoinKind>;

/** Spark's words for the kinds of join. */
export type JoinType = keyof typeof kinds;

/** The kind of a join by one of Spark's words. */
export function joinKind(type: string): JoinKind {
  const word = type.toLowerCase();
  if (Object.hasOwn(kinds, word)) return kinds[word as JoinType];
  const near = nearest(word, Object.keys(kinds));
  throw clientError('KILN_ARGUMENT', `"${type}" is not a kind of join.`, {
    hint: near ? `Did you mean "${near}"?` : `Kinds are ${Object.keys(kinds).join(', ')}.`,
  });
}
