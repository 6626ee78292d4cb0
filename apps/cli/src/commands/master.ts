import type { Environment } from '../environment.ts';
import type { ExitCode } from '../exit-code.ts';
import { type DaemonFlags, daemonSettings, lineLogger, runDaemon } from '../standalone/daemon.ts';

/** Options of `kiln master`. */
export interface MasterFlags extends DaemonFlags {
  readonly port: number;
  readonly recoveryDirectory?: string;
}

/** `kiln master`: runs until it is stopped. */
export async function masterCommand(environment: Environment, flags: MasterFlags): Promise<ExitCode> {
  const { Master, masterOptions, recoveryOf } = await import('@kiln/cluster-standalone/master');
  const { readTls } = await import('@kiln/rpc');
  const { clusterSecretOrNew } = await import('@kiln/cluster-standalone/client');
  const recovery: Record<string, string> =
    flags.recoveryDirectory === undefined
      ? {}
      : { 'spark.deploy.recoveryMode': 'FILESYSTEM', 'spark.deploy.recoveryDirectory': flags.recoveryDirectory };
  const settings = await daemonSettings(environment, { ...flags.conf, ...recovery });
  const secret = await clusterSecretOrNew({
    file: flags.secretFile,
    conf: settings.entries(),
    environment: { HOME: environment.variable('HOME'), KILN_AUTH_SECRET: environment.variable('KILN_AUTH_SECRET') },
  });
  const say = (line: string) => environment.stdout.write(`${line}\n`);
  const master = await Master.start({
    ...{ host: flags.host, port: flags.port, secret, tls: readTls(settings) },
    options: masterOptions(settings),
    recovery: recoveryOf(settings),
    logger: lineLogger(environment, flags.verbose),
    onStandby: (reigning, url) => say(`master stands by at ${url}; ${reigning} reigns`),
    onReign: (url) => say(`master ready at ${url}`),
  });
  return runDaemon(environment, master, 'master');
}
