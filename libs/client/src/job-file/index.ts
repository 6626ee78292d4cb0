/**
 * Job files: a query as YAML. `loadJob` reads and checks one, `runJob` runs it.
 *
 * ```ts
 * import { loadJob, runJob } from '@kiln/client/job-file';
 *
 * await runJob(await loadJob('job.yaml'), { onEvent: (event) => event.type === 'output-shown' && console.log(event.text) });
 * ```
 */
export { blameOutput } from './blame.ts';
export { type EngineOverrides, sessionOptions } from './define.ts';
export {
  type JobDefinition,
  jobSchema,
  type OutputDefinition,
  type SourceDefinition,
  type StepDefinition,
} from './definition.ts';
export { JobSource } from './job-source.ts';
export { type Job, type LoadOptions, loadJob, parseJob } from './load.ts';
export type { StepFunction } from './module-step.ts';
export { excerpt, JobFileError, type JobProblem, problemText } from './problems.ts';
export { type DefinedJob, type JobEvent, outputPath, outputWriter, type RunOptions, runJob, withJob } from './run.ts';
