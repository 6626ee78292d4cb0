import { KilnError, Settings } from '@kiln/base';
import type { DriverState, DriverStatus } from '@kiln/contracts/cluster-manager';
import type { Environment } from '../environment.ts';
import { ExitCode } from '../exit-code.ts';
import type { SubmitRequest } from '../submit/request.ts';

/** `kiln submit --deploy-mode cluster`: prints the id of the driver, which runs without this process. */
export async function submitDriver(environment: Environment, request: SubmitRequest): Promise<ExitCode> {
  const { driverDescription } = await import('./driver-description.ts');
  const description = await driverDescription(request);
  const client = await clientOf(environment, request.master, request.conf);
  const id = await client.submit(description, limit());
  environment.stdout.write(`${id}\n`);
  const ask = `kiln submit --master ${request.master} --status ${id}`;
  environment.stderr.write(`${description.name} is submitted; how it is: ${ask}\n`);
  return ExitCode.done;
}

/** `kiln submit --status`. */
export async function printDriver(
  environment: Environment,
  master: string,
  conf: Readonly<Record<string, string>>,
  id: string,
): Promise<ExitCode> {
  const client = await clientOf(environment, master, conf);
  const status = known(await client.status(id, limit()), id, master);
  environment.stdout.write(`${statusText(status)}\n`);
  return ExitCode.done;
}

/** `kiln submit --kill`. */
export async function killDriver(
  environment: Environment,
  master: string,
  conf: Readonly<Record<string, string>>,
  id: string,
): Promise<ExitCode> {
  const client = await clientOf(environment, master, conf);
  const before = known(await client.status(id, limit()), id, master);
  if (ended.includes(before.state)) {
    environment.stderr.write(`${id} has ended already: ${statusText(before)}\n`);
    return ExitCode.failed;
  }
  const status = known(await client.kill(id, limit()), id, master);
  environment.stdout.write(`${statusText(status)}\n`);
  return ExitCode.done;
}

/** A master that takes a call answers soon. */
const patienceMillis = 30_000;
const limit = () => AbortSignal.timeout(patienceMillis);

const ended: readonly DriverState[] = ['finished', 'failed', 'killed', 'error'];

/** `driver-20261129221530-0001 (sales) running on host-b, attempt 2`. */
function statusText({ driverId: id, name, state, host, attempt, message }: DriverStatus): string {
  const where = host === null ? '' : ` on ${host}`;
  return `${id} (${name}) ${state}${where}${attempt > 1 ? `, attempt ${attempt}` : ''}${message === null ? '' : `: ${message}`}`;
}

function known(status: DriverStatus | null, id: string, master: string): DriverStatus {
  if (status !== null) return status;
  throw new KilnError('KILN_DRIVER_UNKNOWN', `The master ${master} knows no driver '${id}'`, {
    hint: 'kiln submit --deploy-mode cluster prints the id; a master forgets drivers that ended long ago',
    concerns: { master, driver: id },
  });
}

async function clientOf(environment: Environment, master: string, conf: Readonly<Record<string, string>>) {
  const { ClusterClient, secretVariable } = await import('@kiln/cluster-standalone/client');
  const { readClientTls } = await import('@kiln/rpc');
  const variables = { [secretVariable]: environment.variable(secretVariable), HOME: environment.variable('HOME') };
  const tls = readClientTls(Settings.from(conf).settings);
  return new ClusterClient({ master, secret: { conf, environment: variables }, tls });
}
