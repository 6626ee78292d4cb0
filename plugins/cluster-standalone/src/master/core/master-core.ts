import type { DriverId } from '@kiln/base';
import type { DriverStatus } from '@kiln/contracts/cluster-manager';
import type { ClusterStatus } from '../../shared/reports.ts';
import { Applications } from './applications.ts';
import { MasterContext } from './context.ts';
import { Drivers } from './drivers.ts';
import type { MasterAction, MasterEvent } from './events.ts';
import { Executors } from './executors.ts';
import { defaultMasterOptions, type MasterOptions } from './options.ts';
import { endRecovery, restore, snapshotOf } from './recovery.ts';
import { schedule } from './scheduling.ts';
import type { MasterSnapshot } from './snapshot.ts';
import { clusterStatus, driverStatus } from './status.ts';
import { Workers } from './workers.ts';

type EventOf<Type extends MasterEvent['type']> = Extract<MasterEvent, { type: Type }>;
type Handlers = { readonly [Type in MasterEvent['type']]: (event: EventOf<Type>) => void };

/**
 * What a master decides, without clock, sockets and disks: an event and the time (milliseconds since the epoch) go in, actions come out.
 * Each step runs the handler of its event; if that changed resources or wants, free resources are given away.
 */
export class MasterCore {
  readonly #context: MasterContext;
  readonly #executors: Executors;
  readonly #applications: Applications;
  readonly #drivers: Drivers;
  readonly #workers: Workers;

  constructor(options: Partial<MasterOptions> = {}) {
    this.#context = new MasterContext({ ...defaultMasterOptions, ...options });
    this.#executors = new Executors(this.#context);
    this.#applications = new Applications(this.#context, this.#executors);
    this.#drivers = new Drivers(this.#context);
    this.#workers = new Workers(this.#context, this.#executors, this.#applications, this.#drivers);
  }

  step(event: MasterEvent, now: number): readonly MasterAction[] {
    this.#context.begin(now);
    (this.#handlers[event.type] as (event: MasterEvent) => void)(event);
    endRecovery(this.#context);
    if (this.#context.dirty) schedule(this.#context, this.#executors, this.#drivers);
    return this.#context.end();
  }

  snapshot(): MasterSnapshot {
    return snapshotOf(this.#context);
  }

  status(): ClusterStatus {
    return clusterStatus(this.#context);
  }

  hasApplication(id: string): boolean {
    return this.#context.applications.has(id);
  }

  driverStatus(id: DriverId): DriverStatus | undefined {
    return driverStatus(this.#context, id);
  }

  readonly #handlers: Handlers = {
    recovered: ({ snapshot }) => restore(this.#context, snapshot),
    'worker-registered': ({ worker }) => this.#workers.registered(worker),
    'worker-heartbeat': ({ workerId }) => this.#workers.heartbeat(workerId),
    'worker-disconnected': ({ workerId }) => this.#workers.disconnected(workerId),
    'worker-stopping': ({ workerId }) => this.#workers.stopping(workerId),
    'worker-stopped': ({ workerId }) => this.#workers.lost(workerId, 'it was stopped'),
    'executor-changed': ({ workerId, executor }) => this.#workers.executorChanged(workerId, executor),
    'driver-changed': ({ workerId, driver }) => this.#drivers.changed(workerId, driver),
    'application-registered': ({ application }) => this.#applications.registered(application),
    'executors-wanted': ({ applicationId, wants }) => this.#applications.wanted(applicationId, wants),
    'executors-released': ({ applicationId, executors }) => this.#applications.released(applicationId, executors),
    'application-disconnected': ({ applicationId }) => this.#applications.disconnected(applicationId),
    'application-ended': ({ applicationId, outcome }) => this.#applications.ended(applicationId, outcome, ''),
    'driver-submitted': ({ driverId, description }) => this.#drivers.submitted(driverId, description),
    'driver-killed': ({ driverId }) => this.#drivers.kill(driverId),
    tick: () => {
      this.#workers.tick();
      this.#applications.tick();
      this.#drivers.tick();
    },
  };
}
