import { createRequire } from 'node:module';
import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { nearest } from '@kiln/base';
import { type DataFrame, isDataFrame } from '../dataframe/dataframe.ts';
import { clientError } from '../errors.ts';
import type { Session } from '../session/session.ts';
import type { ModuleStepDefinition } from './definition.ts';
import type { Job } from './load.ts';

/** The function of a module step: builds a DataFrame from others. It may run actions, but it need not. */
export type StepFunction<
  Inputs extends Readonly<Record<string, DataFrame>> = Readonly<Record<string, DataFrame>>,
  Args = unknown,
> = (session: Session, inputs: Inputs, args: Args) => DataFrame | Promise<DataFrame>;

/** Imports the functions of all module steps, by name of the step. Errors: KILN_JOB_MODULE, with the place in the job file. */
export async function importSteps(job: Job): Promise<ReadonlyMap<string, StepFunction>> {
  const functions = new Map<string, StepFunction>();
  for (const name of job.order) {
    const step = job.definition.steps?.[name];
    if (step && !('sql' in step)) functions.set(name, await importStep(job, name, step));
  }
  return functions;
}

async function importStep(job: Job, name: string, step: ModuleStepDefinition): Promise<StepFunction> {
  const exports = await importModule(job, name, step.module);
  const found = exports[step.function];
  if (typeof found === 'function') return found as StepFunction;
  const names = Object.keys(exports).filter((key) => typeof exports[key] === 'function');
  const near = nearest(step.function, names);
  throw moduleError(job, name, 'function', `${step.module} does not export a function "${step.function}".`, {
    hint: near
      ? `Did you mean "${near}"?`
      : names.length > 0
        ? `It exports: ${names.join(', ')}.`
        : 'It exports no function.',
  });
}

async function importModule(job: Job, name: string, specifier: string): Promise<Record<string, unknown>> {
  try {
    return (await import(moduleUrl(job.folder, specifier))) as Record<string, unknown>;
  } catch (cause) {
    throw moduleError(job, name, 'module', `The module ${specifier} cannot be loaded.`, { cause });
  }
}

function moduleUrl(folder: string, specifier: string): string {
  if (specifier.startsWith('file:')) return specifier;
  if (specifier.startsWith('.') || isAbsolute(specifier)) return pathToFileURL(resolve(folder, specifier)).href;
  return pathToFileURL(createRequire(resolve(folder, 'job.yaml')).resolve(specifier)).href;
}

/** Calls the function of a step. Errors: KILN_JOB_MODULE with what it threw as the cause. */
export async function callStep(
  job: Job,
  name: string,
  call: StepFunction,
  session: Session,
  frames: ReadonlyMap<string, DataFrame>,
): Promise<DataFrame> {
  const step = job.definition.steps?.[name] as ModuleStepDefinition;
  const inputs = Object.fromEntries((step.inputs ?? []).map((input) => [input, frames.get(input) as DataFrame]));
  let result: unknown;
  try {
    result = await call(session, inputs, step.args);
  } catch (cause) {
    throw moduleError(job, name, 'function', `The function ${step.function} of ${step.module} failed.`, { cause });
  }
  if (isDataFrame(result)) return result;
  throw moduleError(job, name, 'function', `The function ${step.function} of ${step.module} gave no DataFrame.`, {
    hint: `It gave ${result === null ? 'null' : typeof result}; a step returns what it built, for example inputs.flights.limit(10).`,
  });
}

function moduleError(
  job: Job,
  step: string,
  key: 'module' | 'function',
  message: string,
  details: { readonly hint?: string; readonly cause?: unknown },
): Error {
  return clientError('KILN_JOB_MODULE', message, {
    ...details,
    concerns: { file: job.file, step },
    position: job.source.position({ path: ['steps', step, key] }),
  });
}
