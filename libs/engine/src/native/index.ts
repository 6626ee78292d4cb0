/** The one door to the addon in this package: text in, text out, typed here. */

import { createRequire } from 'node:module';
import type {
  AnalyzeRequest,
  Relation,
  StageDecisions,
  StagedPlan,
  StageProgram,
  StructField,
  TableRequest,
} from '@kiln/contracts';
import {
  analyze as analyzeJson,
  chooseRangeBounds as chooseRangeBoundsJson,
  plan as planJson,
  refine as refineJson,
  requiredTables as requiredTablesJson,
  showString as showStringNative,
} from '@kiln/native';
import { nativeError } from './errors.ts';

export { nativeError } from './errors.ts';

export interface Analysis {
  readonly plan: Relation;
  readonly schema: readonly StructField[];
  readonly nextColumnId: number;
}

export function requiredTables(request: AnalyzeRequest): readonly TableRequest[] {
  return attempt(() => JSON.parse(requiredTablesJson(JSON.stringify(request))) as TableRequest[]);
}

export function analyze(request: AnalyzeRequest): Analysis {
  return attempt(() => JSON.parse(analyzeJson(JSON.stringify(request))) as Analysis);
}

/** `request.plan` may be resolved already (`resolved: true`), when optimizer rules rewrote it. */
export async function plan(
  request: AnalyzeRequest,
  resolved: boolean,
): Promise<{ plan: StagedPlan; stages: readonly Uint8Array[] }> {
  try {
    const planned = await planJson(JSON.stringify(request), resolved);
    return { plan: JSON.parse(planned.json) as StagedPlan, stages: planned.stages };
  } catch (error) {
    throw nativeError(error);
  }
}

export function refine(stage: Uint8Array, decisions: StageDecisions): StageProgram {
  return attempt(() => {
    const { program, hash, numTasks } = refineJson(stage, JSON.stringify(decisions));
    return { bytes: program, hash, numTasks };
  });
}

export function chooseRangeBounds(
  runs: readonly { readonly keys: readonly string[]; readonly rows: number }[],
  partitions: number,
): readonly string[] {
  return attempt(() => JSON.parse(chooseRangeBoundsJson(JSON.stringify(runs), partitions)) as string[]);
}

/** Spark's `show()`: `truncate` characters a cell (0: all). */
export function showString(
  results: readonly Uint8Array[],
  options: { readonly rows: number; readonly truncate: number; readonly vertical: boolean },
): string {
  return attempt(() => showStringNative([...results], options.rows, options.truncate, options.vertical));
}

/** Of the addon in this process. */
export function addonVersion(): string {
  const { version } = createRequire(import.meta.url)('@kiln/native/package.json') as { readonly version: string };
  return version;
}

function attempt<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw nativeError(error);
  }
}
