import { errorToData, isKilnError, KilnError } from '@kiln/base';
import type { DataFrame } from '../dataframe/dataframe.ts';
import type { Job } from './load.ts';

/**
 * Finds the SQL step that an error's position belongs to and gives back the same error with its position in the job file.
 * Steps are analysed in order: the first that is wrong by itself is to blame, not those that use it.
 */
export async function blameStep(error: unknown, job: Job, frames: ReadonlyMap<string, DataFrame>): Promise<unknown> {
  if (!isKilnError(error) || error.position === null || error.concerns['file'] !== undefined) return error;
  for (const name of job.order) {
    const step = job.definition.steps?.[name];
    const frame = frames.get(name);
    if (!step || !('sql' in step) || !frame) continue;
    try {
      await frame.schema();
    } catch (found) {
      return isKilnError(found) && found.position ? inFile(found, job, name, step.sql) : error;
    }
  }
  return error;
}

function inFile(error: KilnError, job: Job, step: string, sql: string): KilnError {
  const { hint } = errorToData(error);
  return new KilnError(error.code, error.message, {
    ...(hint === null ? {} : { hint }),
    ...(error.cause === undefined ? {} : { cause: error.cause }),
    concerns: { ...error.concerns, file: job.file, step },
    position: error.position && job.source.within(['steps', step, 'sql'], error.position, sql),
  });
}
