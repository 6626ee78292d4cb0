import type { Expression, Relation, StructField } from '@kiln/contracts';
import { Column } from '../column/column.ts';
import { nameExpression, quotedName } from '../column/names.ts';
import { avg, col, count, lit, max, min, stddev, when } from '../functions/index.ts';
import { localRelation } from '../session/local-rows.ts';
import { isNumeric } from './na-functions.ts';

const placeName = '__place';

/** Rows with themselves so many times over, told apart by their place: what turns columns into rows in one pass. */
function repeated(input: Relation, times: number): Relation {
  const places = localRelation(
    Array.from({ length: times }, (_, place) => [place]),
    `${placeName} int`,
  );
  return {
    type: 'join',
    left: input,
    right: places,
    kind: 'cross',
    condition: null,
    usingColumns: [],
    isNatural: false,
    isLateral: false,
  };
}

function byPlace(columns: readonly Column[]): Column {
  const [first, ...rest] = columns as [Column, ...Column[]];
  return rest.reduce(
    (choice, column, index) => choice.when(col(placeName).eq(index + 1), column),
    when(col(placeName).eq(0), first),
  );
}

/** `values` as rows: a name and a value each. */
export function unpivoted(
  input: Relation,
  ids: readonly Expression[],
  values: readonly string[],
  [variable, value]: readonly [string, string],
): Relation {
  const names = byPlace(values.map((name) => lit(name))).as(variable);
  const cells = byPlace(values.map((name) => new Column(nameExpression(name)))).as(value);
  return {
    type: 'project',
    input: repeated(input, values.length),
    expressions: [...ids, names.expression, cells.expression],
  };
}

const statistics: Readonly<Record<string, (column: Column, number: Column) => Column>> = {
  count: (column) => count(column),
  mean: (_, number) => avg(number),
  stddev: (_, number) => stddev(number),
  min: (column) => min(column),
  max: (column) => max(column),
};

/** A row for each statistic, a column of text for each numeric or text column among `fields`. */
export function described(input: Relation, fields: readonly StructField[]): Relation {
  const shown = fields.filter(({ dataType }) => isNumeric(dataType) || dataType.type === 'string');
  const names = Object.keys(statistics);
  const cell = (index: number, statistic: string) => `__${index}_${statistic}`;
  const aggregates = shown.flatMap(({ name, dataType }, index) => {
    const column = col(quotedName(name));
    // Text that is no number has no mean: NULL instead of an error.
    const number = isNumeric(dataType) ? column : column.tryCast('double');
    return Object.entries(statistics).map(([statistic, make]) =>
      make(column, number).cast('string').as(cell(index, statistic)),
    );
  });
  const one: Relation = {
    type: 'aggregate',
    input,
    groupKind: 'group-by',
    grouping: [],
    groupingSets: [],
    // Of no columns too there is one row.
    aggregates: [count().as('__rows'), ...aggregates].map(({ expression }) => expression),
    having: null,
  };
  const inOrder: Relation = {
    type: 'sort',
    input: repeated(one, names.length),
    order: [{ child: nameExpression(placeName), direction: 'ascending', nullOrdering: 'default' }],
    isGlobal: true,
  };
  const columns = [
    byPlace(names.map((name) => lit(name))).as('summary'),
    ...shown.map(({ name }, index) => byPlace(names.map((statistic) => col(cell(index, statistic)))).as(name)),
  ];
  return { type: 'project', input: inOrder, expressions: columns.map(({ expression }) => expression) };
}
