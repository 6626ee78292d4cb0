import type { Relation } from '@kiln/contracts';
import { type ColumnOrName, functionExpression, toExpression } from '../column/column.ts';
import { clientError } from '../errors.ts';
import { type LiteralValue, literal } from '../values/literal.ts';

/** Seeds are 31 bits here, so that they are exact in every form they take. */
export function randomSeed(): number {
  return Math.floor(Math.random() * 2 ** 31);
}

/** Shares of a plan's rows, one for each weight: together all rows, none twice. */
export function splitByWeights(plan: Relation, weights: readonly number[], seed: number): Relation[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (!(total > 0 && weights.every((weight) => weight >= 0)))
    throw clientError('KILN_ARGUMENT', `[${weights.join(', ')}] are not weights: none is negative, and one is not 0.`);
  // Each share runs the plan again: rows must come in the same order each time, or some would be in two shares or in none.
  const child = functionExpression('xxhash64', [{ type: 'unresolved-star', target: null, except: [], position: null }]);
  const order = [{ child, direction: 'ascending', nullOrdering: 'default' }] as const;
  const input: Relation = { type: 'sort', input: plan, order, isGlobal: false };
  let sum = 0;
  return weights.map((weight) => {
    const lower = sum / total;
    sum += weight;
    return { type: 'sample', input, lower, upper: sum / total, withReplacement: false, seed };
  });
}

/** A share of the rows for each value of a column; rows of other values are left out. */
export function sampledBy(
  input: Relation,
  column: ColumnOrName,
  fractions: readonly (readonly [LiteralValue, number])[],
  seed: number,
): Relation {
  const wrong = fractions.find(([, fraction]) => !(fraction >= 0 && fraction <= 1));
  if (wrong) throw clientError('KILN_ARGUMENT', `${wrong[1]} is not a share of rows.`);
  const branches = fractions.map(([value, fraction]) => ({
    condition: functionExpression('<=>', [toExpression(column), literal(value)]),
    value: doubleLiteral(fraction),
  }));
  const share = { type: 'case', branches, otherwise: doubleLiteral(0) } as const;
  return {
    type: 'filter',
    input,
    condition: functionExpression('<', [functionExpression('rand', [literal(seed)]), share]),
  };
}

function doubleLiteral(value: number) {
  return { type: 'literal', value: String(value), dataType: { type: 'double' } } as const;
}
