import { KilnError } from '@kiln/base';
import { type ExecutorLaunch, executorLaunchVariable } from '@kiln/contracts/cluster-manager';

/** Every field is there: whoever starts executors takes the launch from the driver. */
const fields: Readonly<Record<keyof ExecutorLaunch, true>> = {
  driverUrl: true,
  applicationId: true,
  secret: true,
  executorId: true,
  cores: true,
  memoryBytes: true,
  host: true,
  tls: true,
  networkTimeoutMillis: true,
  reconnectMillis: true,
  maxMessageBytes: true,
  environment: true,
  localDirs: true,
};

/**
 * Reads what this process is to be, and takes it out of the environment: processes that it starts must not see the secret.
 * Errors: KILN_EXECUTOR_LAUNCH.
 */
export function takeLaunch(environment: NodeJS.ProcessEnv): ExecutorLaunch {
  const text = environment[executorLaunchVariable];
  delete environment[executorLaunchVariable];
  if (text === undefined) throw notALaunch(`${executorLaunchVariable} is not set`);
  let launch: Partial<ExecutorLaunch>;
  try {
    launch = JSON.parse(text) as Partial<ExecutorLaunch>;
  } catch {
    // The text holds a secret: it is not shown.
    throw notALaunch(`${executorLaunchVariable} is not JSON`);
  }
  const needed = Object.keys(fields) as (keyof ExecutorLaunch)[];
  const missing = needed.filter((name) => launch[name] === undefined);
  if (missing.length > 0) throw notALaunch(`${executorLaunchVariable} lacks ${missing.join(', ')}`);
  return launch as ExecutorLaunch;
}

function notALaunch(problem: string): KilnError {
  return new KilnError('KILN_EXECUTOR_LAUNCH', `This process cannot be an executor: ${problem}`, {
    hint: 'Executors are started by a cluster manager; a user starts kiln run or kiln submit',
  });
}
