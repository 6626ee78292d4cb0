import type { DataFrame } from '../dataframe/dataframe.ts';
import type { OptionValue } from '../session/options.ts';
import { absolutePath } from '../session/paths.ts';
import type { Session, SessionOptions } from '../session/session.ts';
import type { SourceDefinition } from './definition.ts';
import type { Job } from './load.ts';
import { callStep, type StepFunction } from './module-step.ts';

/** Settings from the command line: they win over the job file. */
export interface EngineOverrides {
  readonly name?: string;
  readonly master?: string;
  readonly conf?: Readonly<Record<string, OptionValue>>;
  /** What counts where neither the job file nor `conf` says otherwise: `spark-defaults.conf`. */
  readonly defaults?: Readonly<Record<string, OptionValue>>;
}

/** What the session of a job is created with. */
export function sessionOptions(job: Job, overrides: EngineOverrides = {}): SessionOptions {
  const { name, engine = {} } = job.definition;
  const master = overrides.master ?? engine.master;
  return {
    name: overrides.name ?? name,
    ...(master === undefined ? {} : { master }),
    conf: { ...overrides.defaults, ...engine.conf, ...overrides.conf },
    plugins: (engine.plugins ?? []).map((plugin) =>
      typeof plugin === 'string'
        ? plugin
        : { package: plugin.package, ...(plugin.config ? { config: plugin.config } : {}) },
    ),
    bindings: engine.bindings ?? {},
    baseDir: job.folder,
  };
}

/**
 * Makes the DataFrames of all sources and steps, into `frames`, each also a temp view of its name. Nothing runs, unless a function
 * of a step runs something.
 */
export async function defineFrames(
  session: Session,
  job: Job,
  functions: ReadonlyMap<string, StepFunction>,
  frames: Map<string, DataFrame>,
): Promise<void> {
  const define = (name: string, frame: DataFrame) => {
    frames.set(name, frame);
    frame.createOrReplaceTempView(name);
  };
  for (const [name, source] of Object.entries(job.definition.sources ?? {}))
    define(name, readSource(session, job, source));
  for (const name of job.order) {
    const step = job.definition.steps?.[name];
    if (step && 'sql' in step) define(name, session.sql(step.sql));
    else define(name, await callStep(job, name, functions.get(name) as StepFunction, session, frames));
  }
}

function readSource(session: Session, job: Job, source: SourceDefinition): DataFrame {
  const reader = session.read.format(source.format).options(source.options ?? {});
  const paths = [source.path ?? []].flat().map((path) => absolutePath(path, job.folder));
  return (source.schema === undefined ? reader : reader.schema(source.schema)).load(...paths);
}
