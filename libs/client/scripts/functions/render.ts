import type { FunctionGroup, FunctionRow } from './table.ts';

/** The TypeScript of one group: a documented function per row. */
export function renderGroup(group: FunctionGroup): string {
  const body = group.rows.map(renderRow).join('\n');
  const types = ['ColumnOrName', 'ColumnOrValue'].filter((name) => body.includes(name)).map((name) => `type ${name}, `);
  const helpers = ['toExpression', 'valueExpression'].filter((name) => body.includes(name)).map((name) => `, ${name}`);
  return [
    `/** ${group.doc} Generated from scripts/functions/${group.name}.ts by \`npm run gen\`. */`,
    `import { Column, ${types.join('')}functionExpression${helpers.join('')} } from '../../column/column.ts';`,
    '',
    body,
    '',
  ].join('\n');
}

function renderRow([name, parameterText, doc]: FunctionRow): string {
  const parameters = parameterText === '' ? [] : parameterText.split(',').map(parseParameter);
  const signature = parameters.map(
    ({ name: parameter, type, optional, rest }) =>
      `${rest ? '...' : ''}${parameter}${optional ? '?' : ''}: ${rest ? `readonly ${type}[]` : type}`,
  );
  return `/** ${doc} */
export function ${name}(${signature.join(', ')}): Column {
  return new Column(functionExpression('${name}', [${argumentList(parameters)}]));
}`;
}

interface Parameter {
  readonly name: string;
  readonly type: string;
  readonly convert: string;
  readonly optional: boolean;
  readonly rest: boolean;
}

function parseParameter(text: string): Parameter {
  const name = text.trim().replace(/^\.{3}|#?\??$/g, '');
  const isValue = text.includes('#');
  return {
    name,
    type: isValue ? 'ColumnOrValue' : 'ColumnOrName',
    convert: isValue ? 'valueExpression' : 'toExpression',
    optional: text.endsWith('?'),
    rest: text.trim().startsWith('...'),
  };
}

/** Optional arguments end the call where the first is left out. */
function argumentList(parameters: readonly Parameter[]): string {
  return parameters
    .map(({ name, convert, optional, rest }) => {
      if (rest) return `...${name}.map(${convert})`;
      return optional ? `...(${name} === undefined ? [] : [${convert}(${name})])` : `${convert}(${name})`;
    })
    .join(', ');
}
