import { KilnError } from '@kiln/base';
import type { Environment } from '../environment.ts';
import { ExitCode } from '../exit-code.ts';
import type { ThreadTask } from '../job-thread/messages.ts';
import { summaryText } from '../report/summary.ts';
import { driverRequest, type SubmitFlags, type SubmitRequest, submitRequest } from '../submit/request.ts';
import { settingsText } from '../submit/settings-text.ts';
import { runJobThread } from './run-job-thread.ts';

/** `kiln submit app.ts`. */
export async function submitCommand(
  environment: Environment,
  file: string | undefined,
  args: readonly string[],
  flags: SubmitFlags,
): Promise<ExitCode> {
  const confDir = environment.variable('KILN_CONF_DIR') ?? null;
  const id = flags.kill ?? flags.status;
  if (id !== undefined) {
    const { master, conf } = await driverRequest(file, flags, confDir);
    const { killDriver, printDriver } = await import('../cluster/drivers.ts');
    return flags.kill === undefined
      ? printDriver(environment, master, conf, id)
      : killDriver(environment, master, conf, id);
  }
  if (file === undefined) {
    throw new KilnError('KILN_ARGUMENT', 'kiln submit needs an application: a job file or a module', {
      hint: 'For example: kiln submit --master local[4] job.yaml, or kiln submit app.ts 2026',
    });
  }
  const request = await submitRequest(file, args, flags, confDir);
  for (const warning of request.warnings) environment.stderr.write(`warning: ${warning}\n`);
  if (flags.verbose) environment.stderr.write(settingsText(request));
  if (request.deployMode === 'client') return runHere(environment, request, flags.verbose);
  const { submitDriver } = await import('../cluster/drivers.ts');
  return submitDriver(environment, request);
}

/** Client mode: the driver is a thread of this process. */
async function runHere(environment: Environment, request: SubmitRequest, verbose: boolean): Promise<ExitCode> {
  const started = environment.now();
  const { exitCode, events, progress } = await runJobThread(environment, taskOf(request), verbose);
  if (exitCode === ExitCode.interrupted) environment.stderr.write('cancelled\n');
  if (exitCode !== ExitCode.done) return exitCode;
  environment.stderr.write(`${summaryText(events, progress.totals, environment.now() - started)}\n`);
  return exitCode;
}

function taskOf({ kind, file, arguments: args, conf, master }: SubmitRequest): ThreadTask {
  if (kind === 'module') return { type: 'module', file, arguments: args, conf };
  const name = conf['spark.app.name'] ?? null;
  return { type: 'job-file', file, set: args, conf, defaults: {}, master, name, action: { type: 'run' } };
}
