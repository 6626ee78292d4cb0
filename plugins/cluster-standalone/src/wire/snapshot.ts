import { create, fromJson, type JsonValue, toJson } from '@bufbuild/protobuf';
import type { DriverId, WorkerId } from '@kiln/base';
import { KilnError } from '@kiln/base';
import { MasterStateSchema } from '@kiln/rpc/cluster';
import type { MasterSnapshot } from '../master/core/snapshot.ts';
import { fromWants, toWants } from './applications.ts';
import { fromResources, id, malformed, orNull, toResources, unlessNull } from './common.ts';
import { fromDescription, fromDriverState, toDescription, toDriverState } from './drivers.ts';

export const stateVersion = 1;

/** The text of a state file. */
export function encodeSnapshot({ workers, applications, drivers }: MasterSnapshot): string {
  const state = create(MasterStateSchema, {
    version: stateVersion,
    workers: workers.map((one) => ({ workerId: one.id, host: one.host, resources: toResources(one.resources) })),
    applications: applications.map((one) => {
      const { id: applicationId, name, user, registeredAt, maxCores, wants, nextExecutorId } = one;
      return { applicationId, name, user, registeredAt, maxCores, wants: toWants(wants), nextExecutorId };
    }),
    drivers: drivers.map(({ id: driverId, description, state, workerId, host, message, ...rest }) => ({
      ...rest,
      driverId,
      description: toDescription(description),
      state: toDriverState(state),
      ...unlessNull('workerId', workerId),
      ...unlessNull('host', host),
      ...unlessNull('message', message),
    })),
  });
  return JSON.stringify(toJson(MasterStateSchema, state));
}

/** Errors: KILN_MASTER_STATE, whatever the text is. */
export function decodeSnapshot(text: string): MasterSnapshot {
  try {
    const state = fromJson(MasterStateSchema, JSON.parse(text) as JsonValue, { ignoreUnknownFields: true });
    if (state.version !== stateVersion) throw malformed(`version ${state.version}, this Kiln reads ${stateVersion}`);
    return {
      workers: state.workers.map(({ workerId, host, resources }) => {
        return { id: id<WorkerId>(workerId, 'worker'), host, resources: fromResources(resources, 'a worker') };
      }),
      applications: state.applications.map((one) => {
        const { applicationId, name, user, registeredAt, maxCores, wants, nextExecutorId } = one;
        const applicationKey = id<string>(applicationId, 'application');
        return { id: applicationKey, name, user, registeredAt, maxCores, wants: fromWants(wants), nextExecutorId };
      }),
      drivers: state.drivers.map((one) => ({
        id: id<DriverId>(one.driverId, 'driver'),
        description: fromDescription(one.description),
        submittedAt: one.submittedAt,
        state: fromDriverState(one.state),
        attempt: one.attempt,
        workerId: one.workerId === undefined ? null : id<WorkerId>(one.workerId, 'worker'),
        host: orNull(one.host),
        relaunches: one.relaunches,
        killed: one.killed,
        message: orNull(one.message),
      })),
    };
  } catch (cause) {
    throw new KilnError('KILN_MASTER_STATE', 'The saved state of the master cannot be read', { cause });
  }
}
