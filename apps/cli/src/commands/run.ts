import type { Environment } from '../environment.ts';
import { ExitCode } from '../exit-code.ts';
import { summaryText } from '../report/summary.ts';
import { type JobCommandOptions, jobTask } from './job-options.ts';
import { runJobThread } from './run-job-thread.ts';

/** Options of `kiln run`. */
export interface RunOptions extends JobCommandOptions {
  readonly dryRun?: boolean;
}

/** `kiln run job.yaml`. */
export async function runCommand(environment: Environment, file: string, options: RunOptions): Promise<ExitCode> {
  const started = environment.now();
  const task = await jobTask(environment, file, options, { type: options.dryRun ? 'check' : 'run' });
  const { exitCode, events, progress } = await runJobThread(environment, task, options.verbose);
  if (exitCode === ExitCode.interrupted) environment.stderr.write('cancelled\n');
  if (exitCode !== ExitCode.done) return exitCode;
  const end = options.dryRun
    ? `${file} can run; nothing was read or written but what analysis needs`
    : summaryText(events, progress.totals, environment.now() - started);
  environment.stderr.write(`${end}\n`);
  return exitCode;
}
