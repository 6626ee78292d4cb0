import { aggregates } from './aggregates.ts';
import { conditionals } from './conditionals.ts';
import { dates } from './dates.ts';
import { numbers } from './numbers.ts';
import { strings } from './strings.ts';
import type { FunctionGroup } from './table.ts';
import { windows } from './windows.ts';

/** The one table of functions: those of native/sql/src/resolve/README.md. */
export const functionGroups: readonly FunctionGroup[] = [aggregates, windows, conditionals, numbers, strings, dates];
