import { Code, ConnectError } from '@connectrpc/connect';
import { type DriverId, driverId, isKilnError, KilnError } from '@kiln/base';
import type { DriverDescription, DriverStatus } from '@kiln/contracts/cluster-manager';
import type { ClientTls } from '@kiln/rpc';
import { type MasterClient, type MasterLinkOptions, withMaster } from '../shared/master-link.ts';
import { parseMasterUrl } from '../shared/master-url.ts';
import type { ClusterStatus } from '../shared/reports.ts';
import { clusterSecret, type SecretSources } from '../shared/secret.ts';
import { fromDriverStatus, toDescription } from '../wire/drivers.ts';
import { fromStatus } from '../wire/status.ts';

export interface ClusterClientOptions {
  /** `kiln://host:port[,host:port]`. */
  readonly master: string;
  /** Where the cluster's secret is looked for. */
  readonly secret: SecretSources;
  readonly tls?: ClientTls | null;
}

/** Calls to the master that reigns; each connects, asks once and hangs up. Errors: KILN_MASTER_URL, KILN_MASTER_UNREACHABLE, KILN_RPC_SECRET. */
export class ClusterClient {
  readonly #link: MasterLinkOptions;
  readonly #master: string;

  constructor({ master, secret, tls = null }: ClusterClientOptions) {
    this.#master = master;
    const quiet = { debug() {}, info() {}, warn() {}, error() {} };
    this.#link = { masters: parseMasterUrl(master), secret: clusterSecret(secret), tls, logger: quiet };
  }

  /** The id of the driver, which waits for a machine from now on. */
  async submit(description: DriverDescription, signal: AbortSignal = never): Promise<DriverId> {
    const wire = toDescription(description);
    const response = await this.#ask(signal, (client) => client.submitDriver({ description: wire }));
    return driverId(response.driverId);
  }

  /** How it is then. `null`: there is none of that id. */
  async kill(id: string, signal: AbortSignal = never): Promise<DriverStatus | null> {
    const { driver } = await this.#ask(signal, (client) => client.killDriver({ driverId: id }));
    return driver === undefined ? null : fromDriverStatus(driver);
  }

  async status(id: string, signal: AbortSignal = never): Promise<DriverStatus | null> {
    const { driver } = await this.#ask(signal, (client) => client.getDriver({ driverId: id }));
    return driver === undefined ? null : fromDriverStatus(driver);
  }

  /** Workers, applications and drivers, as the master knows them. */
  async cluster(signal: AbortSignal = never): Promise<ClusterStatus> {
    return fromStatus(await this.#ask(signal, (client) => client.getStatus({})));
  }

  async #ask<T>(signal: AbortSignal, ask: (client: MasterClient) => Promise<T>): Promise<T> {
    try {
      return await withMaster(this.#link, signal, ask);
    } catch (error) {
      if (isKilnError(error) || !(error instanceof ConnectError)) throw error;
      const hint =
        error.code === Code.ResourceExhausted ? { hint: 'Put large files where every machine can read them' } : {};
      throw new KilnError('KILN_MASTER_REFUSED', `The master ${this.#master} refused: ${error.rawMessage}`, {
        ...hint,
        concerns: { master: this.#master },
        cause: error,
      });
    }
  }
}

const never = new AbortController().signal;
