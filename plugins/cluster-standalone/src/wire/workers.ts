import { create } from '@bufbuild/protobuf';
import type { ExecutorId, WorkerId } from '@kiln/base';
import {
  ExecutorReportSchema,
  type RegisterWorker,
  RegisterWorkerSchema,
  type ExecutorReport as WireReport,
} from '@kiln/rpc/cluster';
import type { ExecutorReport, WorkerRegistration } from '../shared/reports.ts';
import { fromResources, id, toResources } from './common.ts';
import { fromDriverReport, toDriverReport } from './drivers.ts';

export function toWorkerRegistration(worker: WorkerRegistration): RegisterWorker {
  return create(RegisterWorkerSchema, {
    workerId: worker.id,
    host: worker.host,
    resources: toResources(worker.resources),
    replaces: [...worker.replaces],
    executors: worker.executors.map(toExecutorReport),
    drivers: worker.drivers.map(toDriverReport),
  });
}

export function fromWorkerRegistration(message: RegisterWorker): WorkerRegistration {
  return {
    id: id<WorkerId>(message.workerId, 'worker'),
    host: message.host,
    resources: fromResources(message.resources, 'a worker'),
    replaces: message.replaces.map((worker) => id<WorkerId>(worker, 'worker')),
    executors: message.executors.map(fromExecutorReport),
    drivers: message.drivers.map(fromDriverReport),
  };
}

export function toExecutorReport({ applicationId, executorId, resources, state }: ExecutorReport): WireReport {
  return create(ExecutorReportSchema, {
    applicationId,
    executorId,
    resources: toResources(resources),
    ...(state.type === 'running'
      ? {}
      : { exit: { failed: state.outcome === 'failed', reason: state.reason, causedByApp: state.causedByApp } }),
  });
}

export function fromExecutorReport({ applicationId, executorId, resources, exit }: WireReport): ExecutorReport {
  return {
    applicationId: id(applicationId, 'application'),
    executorId: id<ExecutorId>(executorId, 'executor'),
    resources: fromResources(resources, 'an executor'),
    state:
      exit === undefined
        ? { type: 'running' }
        : {
            type: 'exited',
            outcome: exit.failed ? 'failed' : 'ended',
            reason: exit.reason,
            causedByApp: exit.causedByApp,
          },
  };
}
