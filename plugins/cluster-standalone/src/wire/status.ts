import { create } from '@bufbuild/protobuf';
import type { WorkerId } from '@kiln/base';
import {
  type GetStatusResponse,
  GetStatusResponseSchema,
  type ApplicationStatus as WireApplication,
  WorkerState as WireState,
  type WorkerStatus as WireWorker,
} from '@kiln/rpc/cluster';
import type { ApplicationStatus, ClusterStatus, WorkerStatus } from '../shared/reports.ts';
import { fromApplicationState, toApplicationState } from './applications.ts';
import { id, malformed, orNull, present, toResources, unlessNull } from './common.ts';
import { fromDriverStatus, toDriverStatus } from './drivers.ts';

const states: Readonly<Record<WorkerStatus['state'], WireState>> = {
  alive: WireState.ALIVE,
  stopping: WireState.STOPPING,
  disconnected: WireState.DISCONNECTED,
  unknown: WireState.UNKNOWN,
};

export function toStatus({ state, workers, applications, drivers }: ClusterStatus): GetStatusResponse {
  return create(GetStatusResponseSchema, {
    recovering: state === 'recovering',
    workers: workers.map((worker) => ({
      workerId: worker.id,
      host: worker.host,
      state: states[worker.state],
      resources: toResources(worker.resources),
      used: toResources(worker.used),
    })),
    applications: applications.map((one) => ({
      ...{ applicationId: one.id, name: one.name, user: one.user, executors: one.executors, cores: one.cores },
      state: toApplicationState(one.state),
      memoryBytesPerExecutor: BigInt(Math.floor(one.memoryBytesPerExecutor)),
      registeredAt: one.registeredAt,
      ...unlessNull('endedAt', one.endedAt),
      ...unlessNull('message', one.message),
    })),
    drivers: drivers.map(toDriverStatus),
  });
}

export function fromStatus({ recovering, workers, applications, drivers }: GetStatusResponse): ClusterStatus {
  return {
    state: recovering ? 'recovering' : 'alive',
    workers: workers.map(fromWorker),
    applications: applications.map(fromApplication),
    drivers: drivers.map(fromDriverStatus),
  };
}

function fromWorker({ workerId, host, state, resources, used }: WireWorker): WorkerStatus {
  const found = Object.entries(states).find(([, wire]) => wire === state);
  if (found === undefined) throw malformed(`worker state ${state}`);
  return {
    id: id<WorkerId>(workerId, 'worker'),
    host,
    state: found[0] as WorkerStatus['state'],
    resources: numbers(resources),
    used: numbers(used),
  };
}

/** What is used may be nothing. */
function numbers(resources: WireWorker['used']) {
  const { cores, memoryBytes } = present(resources, 'resources of a worker');
  return { cores, memoryBytes: Number(memoryBytes) };
}

function fromApplication(one: WireApplication): ApplicationStatus {
  return {
    ...{ name: one.name, user: one.user, executors: one.executors, cores: one.cores, registeredAt: one.registeredAt },
    id: id(one.applicationId, 'application'),
    state: fromApplicationState(one.state),
    memoryBytesPerExecutor: Number(one.memoryBytesPerExecutor),
    endedAt: orNull(one.endedAt),
    message: orNull(one.message),
  };
}
