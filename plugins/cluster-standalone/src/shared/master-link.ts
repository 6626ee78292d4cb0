import { type Client, Code, ConnectError } from '@connectrpc/connect';
import { isKilnError, KilnError } from '@kiln/base';
import type { Logger } from '@kiln/contracts/plugin';
import { type ClientTls, connect, type RpcConnection, type RpcLimits } from '@kiln/rpc';
import { MasterService } from '@kiln/rpc/cluster';
import { type MasterAddress, masterUrl } from './master-url.ts';
import { clusterIdentity } from './secret.ts';

export interface MasterLinkOptions {
  readonly masters: readonly MasterAddress[];
  readonly secret: string;
  readonly tls: ClientTls | null;
  readonly limits?: Partial<RpcLimits>;
  readonly logger: Logger;
}

export type MasterClient = Client<typeof MasterService>;

/** Whether a master said that it stands by: another one reigns. */
export const isStandby = (error: unknown): boolean =>
  error instanceof ConnectError && error.code === Code.FailedPrecondition;

/**
 * A master that answers no ping for so long is left for another one, well before one that took over stops waiting for those that the
 * other knew: it may be paused, and its connections live on. It has nothing to do that takes long.
 */
const silenceMillis = 15_000;

/** Of a master that was replaced and does not know it yet: the next one is tried. */
export const staleMaster = (): ConnectError => new ConnectError('a newer master reigns', Code.FailedPrecondition);

/**
 * Does something with the reigning one of a cluster's masters: each is tried in turn, and its connection closed at the end. What `use` throws counts as an answer, unless the
 * master stands by or the connection broke. Errors: KILN_RPC_SECRET, KILN_MASTER_UNREACHABLE with what each of them said.
 */
export async function withMaster<T>(
  options: MasterLinkOptions,
  signal: AbortSignal,
  use: (client: MasterClient, connection: RpcConnection) => Promise<T>,
): Promise<T> {
  const answers: string[] = [];
  const secretErrors: KilnError[] = [];
  for (const address of options.masters) {
    signal.throwIfAborted();
    const where = masterUrl([address]);
    let connection: RpcConnection | undefined;
    try {
      connection = await connectTo(address, options, signal);
      return await use(connection.client(MasterService), connection);
    } catch (error) {
      const isNext = connection === undefined || isStandby(error) || connection.closed.aborted;
      signal.throwIfAborted();
      if (!isNext) throw error;
      if (isKilnError(error) && error.code === 'KILN_RPC_SECRET') secretErrors.push(error);
      answers.push(`${where}: ${isStandby(error) ? 'stands by' : messageOf(error)}`);
    } finally {
      connection?.close();
    }
  }
  // Another one may still be starting; a wrong secret stays wrong.
  if (secretErrors.length === answers.length && secretErrors[0] !== undefined) throw secretErrors[0];
  throw new KilnError('KILN_MASTER_UNREACHABLE', `No master answers: ${answers.join('; ')}`, {
    hint: 'Start one with kiln master, or give the URL that it printed',
    concerns: { master: masterUrl(options.masters) },
  });
}

function connectTo(
  { host, port }: MasterAddress,
  { secret, tls, limits, logger }: MasterLinkOptions,
  signal: AbortSignal,
): Promise<RpcConnection> {
  const url = `${tls === null ? 'http' : 'https'}://${host}:${port}`;
  // Every connection that is not made is said once, by who tries again.
  const quiet = { ...logger, debug() {}, info() {}, warn() {}, error() {} };
  return connect(url, {
    ...{ identity: clusterIdentity, secret, tls, signal, logger: quiet },
    limits: { silenceMillis, ...limits },
  });
}

function messageOf(error: unknown): string {
  const deepest = isKilnError(error) && error.cause instanceof Error ? error.cause : error;
  return deepest instanceof Error ? deepest.message || ((deepest as { code?: string }).code ?? '') : String(deepest);
}
