import type { Environment } from '../environment.ts';
import { ExitCode } from '../exit-code.ts';
import { daemonSettings } from '../standalone/daemon.ts';
import { statusText } from '../standalone/status-text.ts';

/** Options of `kiln cluster status`. */
export interface ClusterFlags {
  readonly master?: string;
  readonly secretFile?: string;
  readonly conf: Readonly<Record<string, string>>;
  readonly format: 'text' | 'json';
  readonly verbose: boolean;
}

/** `kiln cluster status`. */
export async function clusterStatusCommand(environment: Environment, flags: ClusterFlags): Promise<ExitCode> {
  const { ClusterClient } = await import('@kiln/cluster-standalone/client');
  const { readClientTls } = await import('@kiln/rpc');
  const settings = await daemonSettings(environment, flags.conf);
  const client = new ClusterClient({
    tls: readClientTls(settings),
    master: flags.master ?? settings.get('spark.master') ?? 'kiln://localhost',
    secret: {
      file: flags.secretFile,
      conf: settings.entries(),
      environment: { HOME: environment.variable('HOME'), KILN_AUTH_SECRET: environment.variable('KILN_AUTH_SECRET') },
    },
  });
  const status = await client.cluster();
  environment.stdout.write(
    flags.format === 'json' ? `${JSON.stringify(status, null, 2)}\n` : statusText(status, Date.now()),
  );
  return ExitCode.done;
}
