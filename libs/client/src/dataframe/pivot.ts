import type { Expression, Relation } from '@kiln/contracts';
import { functionExpression } from '../column/column.ts';
import { nameExpression } from '../column/names.ts';
import { clientError } from '../errors.ts';
import { literal } from '../values/literal.ts';

/** A value of the pivot column. */
export type PivotValue = string | number | bigint | boolean | null;

/** A pivot that waits for its aggregates. */
export interface Pivot {
  readonly column: Expression;
  readonly values: readonly PivotValue[];
}

const pivotName = '__pivot';
const groupName = (index: number) => `__group${index}`;
const aggregateName = (index: number) => `__aggregate${index}`;

/**
 * Aggregates by the groups and the pivot column, then spreads each group's rows over columns. Two steps, so that a
 * combination without rows is NULL whatever the aggregate (a count too), as in Spark.
 */
export function pivoted(
  input: Relation,
  grouping: readonly Expression[],
  { column, values }: Pivot,
  aggregates: readonly Expression[],
): Relation {
  const groups = grouping.map(bare);
  const byValue = aggregated(
    input,
    [...groups, column],
    [
      ...groups.map((group, index) => named(group, groupName(index))),
      named(column, pivotName),
      ...aggregates.map((aggregate, index) => named(bare(aggregate), aggregateName(index))),
    ],
  );
  const columns = values.flatMap((value) =>
    aggregates.map((aggregate, index) => {
      const suffix = aggregates.length === 1 ? '' : `_${nameOf(aggregate, 'aggregate')}`;
      return named(cellOf(aggregateName(index), value), `${value}${suffix}`);
    }),
  );
  const keys = grouping.map((group, index) =>
    named(nameExpression(groupName(index)), nameOf(group, 'grouping column')),
  );
  return aggregated(
    byValue,
    grouping.map((_, index) => nameExpression(groupName(index))),
    [...keys, ...columns],
  );
}

/** The one value of a group's rows where the pivot column has `value`. */
function cellOf(name: string, value: PivotValue): Expression {
  const condition = functionExpression('<=>', [nameExpression(pivotName), literal(value)]);
  const branches = [{ condition, value: nameExpression(name) }];
  return functionExpression('first', [{ type: 'case', branches, otherwise: null }, literal(true)]);
}

function aggregated(
  input: Relation,
  grouping: readonly Expression[],
  aggregates: readonly Expression[],
): Extract<Relation, { type: 'aggregate' }> {
  return { type: 'aggregate', input, groupKind: 'group-by', grouping, groupingSets: [], aggregates, having: null };
}

function named(expression: Expression, name: string): Expression {
  return { type: 'alias', expression, names: [name] };
}

function bare(expression: Expression): Expression {
  return expression.type === 'alias' ? expression.expression : expression;
}

/** The name that a column has without asking the engine. */
function nameOf(expression: Expression, what: string): string {
  const name = plainName(expression);
  if (name !== undefined) return name;
  throw clientError('KILN_ARGUMENT', `A ${what} of a pivot has no name.`, { hint: "Give it one: .as('total')." });
}

function plainName(expression: Expression): string | undefined {
  if (expression.type === 'alias') return expression.names[0];
  if (expression.type === 'unresolved-attribute') return expression.parts.at(-1);
  if (expression.type !== 'unresolved-function' || expression.isDistinct) return undefined;
  const names = expression.arguments.map(plainName);
  return names.includes(undefined) ? undefined : `${expression.name}(${names.join(', ')})`;
}
