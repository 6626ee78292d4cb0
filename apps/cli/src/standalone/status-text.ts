import type { ApplicationStatus, ClusterStatus, WorkerStatus } from '@kiln/cluster-standalone/client';
import type { DriverStatus } from '@kiln/contracts/cluster-manager';
import { columns } from '../history/columns.ts';
import { bytesText, durationText } from '../report/units.ts';

/** The tables of `kiln cluster status`; `now`: milliseconds since the epoch. */
export function statusText(status: ClusterStatus, now: number): string {
  const recovering =
    status.state === 'recovering'
      ? ['The master has taken over and waits for the workers and applications of its predecessor.', '']
      : [];
  return [
    ...recovering,
    ...table('Workers', ['id', 'host', 'state', 'cores', 'memory'], status.workers.map(workerRow)),
    '',
    ...table(
      'Applications',
      ['id', 'name', 'user', 'state', 'executors', 'cores', 'memory each', 'time', ''],
      status.applications.map((application) => applicationRow(application, now)),
    ),
    '',
    ...table('Drivers', ['id', 'name', 'state', 'attempt', 'host', ''], status.drivers.map(driverRow)),
    '',
  ].join('\n');
}

function table(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [`${title}: none`];
  return [`${title}:`, ...columns([head, ...rows]).map((line) => `  ${line}`)];
}

function workerRow({ id, host, state, resources, used }: WorkerStatus): string[] {
  const memory = `${bytesText(used.memoryBytes)} of ${bytesText(resources.memoryBytes)}`;
  return [id, host, state, `${used.cores} of ${resources.cores}`, memory];
}

function applicationRow(application: ApplicationStatus, now: number): string[] {
  const { id, name, user, state, executors, cores, memoryBytesPerExecutor, registeredAt, endedAt, message } =
    application;
  const time = durationText(Math.max(0, (endedAt ?? now) - registeredAt));
  const sizes = [String(executors), String(cores), bytesText(memoryBytesPerExecutor), time];
  return [id, name, user, state, ...sizes, firstLine(message)];
}

function driverRow({ driverId, name, state, attempt, host, message }: DriverStatus): string[] {
  return [driverId, name, state, String(attempt), host ?? '', firstLine(message)];
}

const firstLine = (message: string | null): string => message?.split('\n')[0] ?? '';
