/**
 * Column functions under Spark's names: `import { col, sum } from '@kiln/client/functions'`.
 *
 * A string where a column is wanted is its name; a string where a value is wanted is itself.
 */
export * from './generated/aggregates.ts';
export * from './generated/conditionals.ts';
export * from './generated/dates.ts';
export * from './generated/numbers.ts';
export * from './generated/strings.ts';
export * from './generated/windows.ts';
export * from './special.ts';
