import { errorToData, isKilnError, KilnError, type Position } from '@kiln/base';
import type { DataFrame } from '../dataframe/dataframe.ts';
import type { Job } from './load.ts';

/**
 * The same error with its position in the job file, where one can be found: of the SQL step that an error's position belongs to, or of
 * the source that cannot be read.
 */
export async function blame(error: unknown, job: Job, frames: ReadonlyMap<string, DataFrame>): Promise<unknown> {
  if (!isKilnError(error) || error.concerns['file'] !== undefined) return error;
  return error.position === null ? blameSource(error, job, frames) : blameStep(error, job, frames);
}

/** Steps are analysed in order: the first that is wrong by itself is to blame, not those that use it. */
async function blameStep(error: KilnError, job: Job, frames: ReadonlyMap<string, DataFrame>): Promise<KilnError> {
  for (const name of job.order) {
    const step = job.definition.steps?.[name];
    const frame = frames.get(name);
    if (!step || !('sql' in step) || !frame) continue;
    try {
      await frame.schema();
    } catch (found) {
      if (!isKilnError(found) || !found.position) return error;
      return inFile(found, job, { step: name }, job.source.within(['steps', name, 'sql'], found.position, step.sql));
    }
  }
  return error;
}

/** What of a source a code complains about. */
const sourceKeys: Readonly<Record<string, string>> = {
  KILN_SOURCE_UNKNOWN: 'format',
  KILN_SOURCE_OPTIONS: 'options',
  KILN_SOURCE_NOT_FOUND: 'path',
  KILN_SOURCE_SCHEME: 'path',
  UNABLE_TO_INFER_SCHEMA: 'path',
  FAILED_READ_FILE: 'path',
};

async function blameSource(error: KilnError, job: Job, frames: ReadonlyMap<string, DataFrame>): Promise<KilnError> {
  const key = sourceKeys[error.code];
  if (key === undefined) return error;
  for (const name of Object.keys(job.definition.sources ?? {})) {
    try {
      await frames.get(name)?.schema();
    } catch (found) {
      if (!isKilnError(found) || found.message !== error.message) continue;
      return inFile(error, job, { source: name }, job.source.position({ path: ['sources', name, key] }));
    }
  }
  return error;
}

const outputKeys: Readonly<Record<string, string>> = { KILN_OUTPUT_FORMAT: 'format', KILN_OUTPUT_EXISTS: 'path' };

/** An error of an output with its position in the job file, if the output is to blame for it. */
export function blameOutput(error: unknown, job: Job, output: number): unknown {
  const key = isKilnError(error) ? outputKeys[error.code] : undefined;
  if (!isKilnError(error) || key === undefined) return error;
  return inFile(error, job, { output: String(output + 1) }, job.source.position({ path: ['outputs', output, key] }));
}

function inFile(
  error: KilnError,
  job: Job,
  where: Readonly<Record<string, string>>,
  position: Position | null,
): KilnError {
  const { hint } = errorToData(error);
  return new KilnError(error.code, error.message, {
    ...(hint === null ? {} : { hint }),
    ...(error.cause === undefined ? {} : { cause: error.cause }),
    concerns: { ...error.concerns, file: job.file, ...where },
    position,
  });
}
