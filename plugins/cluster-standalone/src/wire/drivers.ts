import { create } from '@bufbuild/protobuf';
import type { DriverId } from '@kiln/base';
import type { DriverApplication, DriverDescription, DriverState, DriverStatus } from '@kiln/contracts/cluster-manager';
import type {
  DriverDescription as WireDescription,
  DriverReport as WireReport,
  DriverStatus as WireStatus,
} from '@kiln/rpc/cluster';
import {
  DriverDescriptionSchema,
  DriverReportSchema,
  DriverStatusSchema,
  DriverState as WireState,
} from '@kiln/rpc/cluster';
import type { DriverReport } from '../shared/reports.ts';
import { fromResources, id, malformed, orNull, present, toResources, unlessNull } from './common.ts';

const states: Readonly<Record<DriverState, WireState>> = {
  submitted: WireState.SUBMITTED,
  running: WireState.RUNNING,
  relaunching: WireState.RELAUNCHING,
  finished: WireState.FINISHED,
  failed: WireState.FAILED,
  killed: WireState.KILLED,
  error: WireState.ERROR,
};

export const toDriverState = (state: DriverState): WireState => states[state];

export function fromDriverState(state: WireState): DriverState {
  const found = Object.entries(states).find(([, wire]) => wire === state);
  if (found === undefined) throw malformed(`driver state ${state}`);
  return found[0] as DriverState;
}

export function toDescription(description: DriverDescription): WireDescription {
  const { name, application, conf, resources, supervise, files } = description;
  return create(DriverDescriptionSchema, {
    name,
    conf: { ...conf },
    resources: toResources(resources),
    supervise,
    files: files.map(({ path, base64 }) => ({ path, content: Buffer.from(base64, 'base64') })),
    application:
      application.type === 'job-file'
        ? { case: 'jobFile', value: { path: application.path, set: [...application.set] } }
        : { case: 'module', value: { path: application.path, arguments: [...application.arguments] } },
  });
}

export function fromDescription(description: WireDescription | undefined): DriverDescription {
  const { name, application, conf, resources, supervise, files } = present(description, 'description of a driver');
  return {
    name,
    application: fromApplication(application),
    conf,
    resources: fromResources(resources, 'a driver'),
    supervise,
    files: files.map(({ path, content }) => ({
      path: filePath(path),
      base64: Buffer.from(content).toString('base64'),
    })),
  };
}

function fromApplication(application: WireDescription['application']): DriverApplication {
  switch (application.case) {
    case 'jobFile':
      return { type: 'job-file', path: application.value.path, set: application.value.set };
    case 'module':
      return { type: 'module', path: application.value.path, arguments: application.value.arguments };
    case undefined:
      throw malformed('a driver that runs nothing');
  }
}

/** Below the work directory, whatever it says. */
function filePath(path: string): string {
  const parts = path.split('/');
  if (path.includes('\\') || path.includes('\0') || parts.some((part) => part === '' || part === '.' || part === '..'))
    throw malformed(`file '${path.slice(0, 200)}' of a driver`);
  return path;
}

export function toDriverReport({ driverId, attempt, description, state }: DriverReport): WireReport {
  return create(DriverReportSchema, {
    driverId,
    attempt,
    description: toDescription(description),
    ...(state.type === 'running'
      ? {}
      : { exit: { state: toDriverState(state.outcome), ...unlessNull('message', state.message) } }),
  });
}

export function fromDriverReport(report: WireReport): DriverReport {
  const { driverId, attempt, description, exit } = report;
  return {
    driverId: id<DriverId>(driverId, 'driver'),
    attempt,
    description: fromDescription(description),
    state: exit === undefined ? { type: 'running' } : exited(fromDriverState(exit.state), orNull(exit.message)),
  };
}

function exited(outcome: DriverState, message: string | null): DriverReport['state'] {
  if (outcome !== 'finished' && outcome !== 'failed' && outcome !== 'error')
    throw malformed(`the end of a driver as '${outcome}'`);
  return { type: 'exited', outcome, message };
}

export function toDriverStatus({ driverId, name, state, attempt, host, message }: DriverStatus): WireStatus {
  return create(DriverStatusSchema, {
    ...{ driverId, name, attempt, state: toDriverState(state) },
    ...unlessNull('host', host),
    ...unlessNull('message', message),
  });
}

export function fromDriverStatus({ driverId, name, state, attempt, host, message }: WireStatus): DriverStatus {
  return {
    driverId: id<DriverId>(driverId, 'driver'),
    state: fromDriverState(state),
    ...{ name, attempt, host: orNull(host), message: orNull(message) },
  };
}
