import { homedir, hostname } from 'node:os';
import { join, resolve } from 'node:path';
import type { Environment } from '../environment.ts';
import type { ExitCode } from '../exit-code.ts';
import { type DaemonFlags, daemonSettings, lineLogger, runDaemon } from '../standalone/daemon.ts';

/** Options of `kiln shuffle-service`. */
export interface ShuffleServiceFlags extends DaemonFlags {
  readonly port?: number;
  readonly directory?: string;
}

/** An application that has no executor here and reads nothing for so long was forgotten by its driver. */
const applicationTimeoutMillis = 24 * 60 * 60 * 1000;
const maxFrameBytes = 16 * 1024 * 1024;

/** `kiln shuffle-service`: runs until it is stopped. */
export async function shuffleServiceCommand(environment: Environment, flags: ShuffleServiceFlags): Promise<ExitCode> {
  const { openShuffleService } = await import('@kiln/engine/shuffle');
  const { clusterSecret } = await import('@kiln/cluster-standalone/client');
  const settings = await daemonSettings(environment, flags.conf);
  const secret = clusterSecret({
    file: flags.secretFile,
    conf: settings.entries(),
    environment: { HOME: environment.variable('HOME'), KILN_AUTH_SECRET: environment.variable('KILN_AUTH_SECRET') },
  });
  const logger = lineLogger(environment, flags.verbose);
  const port = flags.port ?? settings.get('spark.shuffle.service.port');
  const directory = resolve(flags.directory ?? defaultDirectory(environment, port));
  const idleTimeoutMillis = settings.get('spark.network.timeout');
  const service = await openShuffleService(
    {
      host: flags.host,
      port,
      advertisedHost: '',
      secret: Buffer.from(secret).toString('base64'),
      tls: null,
      directory,
      applicationTimeoutMillis,
      maxFrameBytes,
      idleTimeoutMillis,
      connectTimeoutMillis: Math.min(idleTimeoutMillis, 30_000),
    },
    (message) => logger.warn({}, message),
  );
  const { applications } = service.usage();
  const known =
    applications === 0 ? '' : `, goes on with ${applications} ${applications === 1 ? 'application' : 'applications'}`;
  environment.stdout.write(`shuffle service at ${service.address}${known}\n`);
  const daemon = { ended: new Promise<never>(() => {}), stop: () => service.close() };
  return runDaemon(environment, daemon, 'shuffle service');
}

/** Home directories may be shared by hosts. */
const defaultDirectory = (environment: Environment, port: number): string =>
  join(environment.variable('HOME') ?? homedir(), '.kiln', 'shuffle-service', `${hostname()}-${port}`);
