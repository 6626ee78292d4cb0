import { KilnError } from '@kiln/base';
import type { DriverLaunch } from '@kiln/contracts/cluster-manager';
import { runJobThread } from '../commands/run-job-thread.ts';
import type { Environment } from '../environment.ts';
import { ExitCode } from '../exit-code.ts';
import type { ThreadTask } from '../job-thread/messages.ts';
import { reporting } from '../report/reporting.ts';
import { summaryText } from '../report/summary.ts';

/** The environment variable that carries a {@link DriverLaunch}. */
export const driverLaunchVariable = 'KILN_DRIVER';
/** Where the cluster manager looks for the cluster's secret. */
const secretVariable = 'KILN_AUTH_SECRET';

/** Runs the application of a driver to its end. What it prints goes to the files that its worker keeps. */
export function runDriver(environment: Environment, variables: NodeJS.ProcessEnv): Promise<ExitCode> {
  return reporting(environment, true, async () => {
    const launch = takeLaunch(variables);
    variables[secretVariable] = launch.secret;
    const started = environment.now();
    const { exitCode, events, progress } = await runJobThread(environment, taskOf(launch), true);
    if (exitCode === ExitCode.interrupted) environment.stderr.write('cancelled\n');
    if (exitCode === ExitCode.done)
      environment.stderr.write(`${summaryText(events, progress.totals, environment.now() - started)}\n`);
    return exitCode;
  });
}

/** Takes it out of the environment, which the application's code can see. */
function takeLaunch(variables: NodeJS.ProcessEnv): DriverLaunch {
  const text = variables[driverLaunchVariable];
  delete variables[driverLaunchVariable];
  try {
    return JSON.parse(text ?? '') as DriverLaunch;
  } catch (cause) {
    throw new KilnError('KILN_DRIVER_LAUNCH', `${driverLaunchVariable} does not say what to run`, {
      hint: 'Drivers are started by workers: kiln submit --deploy-mode cluster',
      cause,
    });
  }
}

function taskOf({ description, master }: DriverLaunch): ThreadTask {
  const { application, name } = description;
  const conf = { ...description.conf, 'spark.master': master, 'spark.app.name': name };
  if (application.type === 'module')
    return { type: 'module', file: application.path, arguments: application.arguments, conf };
  const { path: file, set } = application;
  return { type: 'job-file', file, set, conf, defaults: {}, master, name, action: { type: 'run' } };
}
