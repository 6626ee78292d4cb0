import type { EngineEvent } from '@kiln/contracts';
import type { DataFrame } from '../dataframe/dataframe.ts';
import type { WriteResult } from '../engine-port.ts';
import { absolutePath } from '../session/paths.ts';
import { Session, type SessionOptions } from '../session/session.ts';
import { blame, blameOutput } from './blame.ts';
import { defineFrames, type EngineOverrides, sessionOptions } from './define.ts';
import type { OutputDefinition } from './definition.ts';
import type { Job } from './load.ts';
import { importSteps } from './module-step.ts';

/** What happens while a job runs, as plain data. */
export type JobEvent =
  | { readonly type: 'engine'; readonly event: EngineEvent }
  | {
      readonly type: 'session-started';
      readonly appId: string;
      readonly master: string;
      readonly warnings: readonly string[];
    }
  | { readonly type: 'output-started'; readonly output: number; readonly from: string }
  /** A table, for standard output. */
  | { readonly type: 'output-shown'; readonly output: number; readonly from: string; readonly text: string }
  | ({
      readonly type: 'output-written';
      readonly output: number;
      readonly from: string;
      readonly path: string;
    } & WriteResult);

/** How a job is run. */
export interface RunOptions extends EngineOverrides {
  readonly onEvent?: (event: JobEvent) => void;
  /** Aborting it cancels what runs. */
  readonly signal?: AbortSignal;
  /** Makes the session; `Session.create` when left out. */
  readonly createSession?: (options: SessionOptions) => Promise<Session>;
}

/** The DataFrames of a job by name of source and step, with its session. */
export interface DefinedJob {
  readonly session: Session;
  readonly frames: ReadonlyMap<string, DataFrame>;
}

/** Runs a job from its sources to its outputs, in the order of the outputs, and ends its engine. */
export async function runJob(job: Job, options: RunOptions = {}): Promise<void> {
  await withJob(job, options, async ({ frames }) => {
    for (const [output, definition] of job.definition.outputs.entries()) {
      options.signal?.throwIfAborted();
      options.onEvent?.({ type: 'output-started', output, from: definition.from });
      const done = runOutput(job, output, definition, frames, options.signal).catch((error: unknown) => {
        throw blameOutput(error, job, output);
      });
      options.onEvent?.(await done);
    }
  });
}

/**
 * Starts a session, defines the job's DataFrames, hands them over and stops the session. Errors of SQL steps and
 * sources that are thrown while `use` runs point into the job file.
 */
export async function withJob<R>(job: Job, options: RunOptions, use: (defined: DefinedJob) => Promise<R>): Promise<R> {
  const { onEvent, signal, createSession = Session.create } = options;
  // Whoever hears events hears the warnings among them.
  const quiet = onEvent ? { onWarning: () => {} } : {};
  const functions = await importSteps(job);
  signal?.throwIfAborted();
  await using session = await createSession({ ...sessionOptions(job, options), ...quiet });
  signal?.throwIfAborted();
  onEvent?.({ type: 'session-started', appId: session.appId, master: session.master, warnings: session.warnings });
  const unlisten = onEvent ? session.listen((event) => onEvent({ type: 'engine', event })) : () => {};
  const frames = new Map<string, DataFrame>();
  try {
    await defineFrames(session, job, functions, frames);
    return await use({ session, frames });
  } catch (error) {
    throw await blame(error, job, frames);
  } finally {
    unlisten();
  }
}

async function runOutput(
  job: Job,
  output: number,
  definition: OutputDefinition,
  frames: ReadonlyMap<string, DataFrame>,
  signal: AbortSignal | undefined,
): Promise<JobEvent> {
  const { from } = definition;
  const frame = frames.get(from) as DataFrame;
  const action = { description: `output ${output + 1}: ${from}`, ...(signal ? { signal } : {}) };
  if ('show' in definition) {
    const { show: rows, truncate = 20, vertical = false } = definition;
    return {
      type: 'output-shown',
      output,
      from,
      text: await frame.showString({ rows, truncate, vertical, ...action }),
    };
  }
  return {
    type: 'output-written',
    output,
    from,
    path: definition.path,
    ...(await outputWriter(frame, definition).save(outputPath(job, definition), action)),
  };
}

type FileOutput = Exclude<OutputDefinition, { show: number }>;

/** The writer of a file output. */
export function outputWriter(frame: DataFrame, { format, mode = 'error', options = {}, partitionBy = [] }: FileOutput) {
  return frame.write
    .format(format)
    .mode(mode)
    .options(options)
    .partitionBy(...partitionBy);
}

/** The absolute path of a file output. */
export function outputPath(job: Job, { path }: FileOutput): string {
  return absolutePath(path, job.folder);
}
