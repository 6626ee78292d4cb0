import type { DriverId } from '@kiln/base';
import type { DriverStatus } from '@kiln/contracts/cluster-manager';
import type { ApplicationStatus, ClusterStatus } from '../../shared/reports.ts';
import type { MasterContext } from './context.ts';
import type { ApplicationState, EndedApplication, SubmittedDriver } from './state.ts';

export function clusterStatus(context: MasterContext): ClusterStatus {
  return {
    state: context.recoveringUntil > 0 ? 'recovering' : 'alive',
    workers: [...context.workers.values()].map(({ id, host, status, resources, used }) => {
      return { id, host, state: status, resources, used };
    }),
    applications: [...[...context.applications.values()].map(liveApplication), ...context.ended.map(endedApplication)],
    drivers: [...context.drivers.values()].map(driverStatusOf),
  };
}

export function driverStatus(context: MasterContext, id: DriverId): DriverStatus | undefined {
  const driver = context.drivers.get(id);
  return driver === undefined ? undefined : driverStatusOf(driver);
}

function driverStatusOf({ id, description, state, attempt, host, message }: SubmittedDriver): DriverStatus {
  return { driverId: id, name: description.name, state, attempt, host, message };
}

function liveApplication(application: ApplicationState): ApplicationStatus {
  const { id, name, user, registeredAt, executors, cores, wants, status, waiting } = application;
  return {
    ...{ id, name, user, registeredAt, cores },
    state: status === 'unknown' ? 'unknown' : executors.size > 0 ? 'running' : 'waiting',
    executors: executors.size,
    memoryBytesPerExecutor: wants.memoryBytes,
    endedAt: null,
    message: status === 'disconnected' ? 'its driver has lost its connection' : waiting,
  };
}

function endedApplication(application: EndedApplication): ApplicationStatus {
  const { id, name, user, registeredAt, endedAt, memoryBytesPerExecutor, outcome, reason } = application;
  return {
    ...{ id, name, user, registeredAt, endedAt, memoryBytesPerExecutor },
    state: outcome,
    executors: 0,
    cores: 0,
    message: reason === '' ? null : reason,
  };
}
