import type { ExplainMode } from '@kiln/client';
import type { Environment } from '../environment.ts';
import type { ExitCode } from '../exit-code.ts';
import { type JobCommandOptions, jobTask } from './job-options.ts';
import { runJobThread } from './run-job-thread.ts';

/** Options of `kiln explain`. */
export interface ExplainOptions extends JobCommandOptions {
  readonly step?: string;
  readonly mode: ExplainMode;
}

/** `kiln explain job.yaml`. */
export async function explainCommand(
  environment: Environment,
  file: string,
  options: ExplainOptions,
): Promise<ExitCode> {
  const task = await jobTask(environment, file, options, {
    type: 'explain',
    step: options.step ?? null,
    mode: options.mode,
  });
  return (await runJobThread(environment, task, options.verbose)).exitCode;
}
