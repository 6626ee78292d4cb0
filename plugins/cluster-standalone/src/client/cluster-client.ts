import type { DriverId } from '@kiln/base';
import type { DriverDescription, DriverStatus } from '@kiln/contracts/cluster-manager';
import { type MasterClient, type MasterLinkOptions, withMaster } from '../shared/master-link.ts';
import type { ClusterStatus } from '../shared/reports.ts';
import { fromDriverStatus, toDescription } from '../wire/drivers.ts';
import { fromStatus } from '../wire/status.ts';

/**
 * What users ask of a cluster: of the reigning one of its masters. Errors of all: KILN_MASTER_UNREACHABLE, KILN_RPC_SECRET, and
 * what the signal is aborted with.
 */
export class ClusterClient {
  readonly #link: MasterLinkOptions;

  constructor(link: MasterLinkOptions) {
    this.#link = link;
  }

  status(signal: AbortSignal): Promise<ClusterStatus> {
    return this.#ask(signal, async (client) => fromStatus(await client.getStatus({}, { signal })));
  }

  /** Resolves when the master has the driver for good; it may wait for a machine for long. */
  submitDriver(description: DriverDescription, signal: AbortSignal): Promise<DriverId> {
    return this.#ask(signal, async (client) => {
      const { driverId } = await client.submitDriver({ description: toDescription(description) }, { signal });
      return driverId as DriverId;
    });
  }

  /** How it is after that; `undefined`: there is none of that id. */
  killDriver(driverId: DriverId, signal: AbortSignal): Promise<DriverStatus | undefined> {
    return this.#ask(signal, async (client) => {
      const { driver } = await client.killDriver({ driverId }, { signal });
      return driver && fromDriverStatus(driver);
    });
  }

  driverStatus(driverId: DriverId, signal: AbortSignal): Promise<DriverStatus | undefined> {
    return this.#ask(signal, async (client) => {
      const { driver } = await client.getDriver({ driverId }, { signal });
      return driver && fromDriverStatus(driver);
    });
  }

  #ask<T>(signal: AbortSignal, question: (client: MasterClient) => Promise<T>): Promise<T> {
    return withMaster(this.#link, signal, question);
  }
}
