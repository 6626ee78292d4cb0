import { executorId, systemClock } from '@kiln/base';
import type { EngineSettings, Logger } from '@kiln/contracts/plugin';
import { openTransport } from '@kiln/engine/executor';
import { newSecret, readTls, rpcLimits } from '@kiln/rpc';
import { readApplicationFiles } from '../files/application-files.ts';
import type { PluginReference } from '../plugin-host/index.ts';
import type { ExecutorBackend } from './executor-backend.ts';
import type { ExecutorManager } from './executor-manager.ts';
import { ExecutorServer } from './executor-server.ts';
import { driverAddress, executorConf, type LaunchParts } from './launches.ts';
import { Payloads } from './payloads.ts';
import { pluginSpecs } from './plugin-specs.ts';
import { transportConfig } from './transport-config.ts';

export interface ProcessServerOptions {
  readonly applicationId: string;
  readonly settings: EngineSettings;
  readonly plugins: readonly PluginReference[];
  readonly ownPlugins: readonly PluginReference[];
  readonly bindings: Readonly<Record<string, string>>;
  readonly baseDir: string;
  readonly logger: Logger;
  readonly manager: ExecutorManager;
  readonly backend: ExecutorBackend;
  readonly onMaxHashBuildBytes: (bytes: number) => void;
}

/** What executor processes of an engine register with. */
export interface ProcessServer {
  readonly launch: LaunchParts;
  fence(id: string, reason: string): void;
  close(): Promise<void>;
}

/** Errors: KILN_RPC_LISTEN, KILN_TLS, KILN_FILES. */
export async function startProcessServer(options: ProcessServerOptions): Promise<ProcessServer> {
  const { applicationId, settings, logger, manager, backend, bindings } = options;
  const secret = settings.get('spark.authenticate.secret') ?? newSecret();
  const tls = readTls(settings);
  const address = driverAddress(settings);
  const { bind, host } = address;
  const transport = await openTransport(
    transportConfig(settings, {
      applicationId,
      secret,
      tls,
      bind,
      host,
      port: settings.get('spark.driver.blockManager.port'),
      slots: 0,
    }),
    (message) => logger.warn({ reason: message }, 'a peer of the block transport was refused'),
  );
  const payloads = new Payloads(transport);
  const files = (await readApplicationFiles(settings)).map(({ name, hash, bytes }) => {
    return { name, content: payloads.pack(`file/${hash}`, bytes) };
  });
  const server = await ExecutorServer.start(
    {
      applicationId,
      secret,
      host: address.bind,
      port: address.port,
      tls,
      limits: rpcLimits(settings),
      conf: executorConf(settings),
      plugins: await pluginSpecs(options, payloads),
      bindings,
      files,
      payloads,
      clock: systemClock,
      logger,
    },
    {
      onHello: (hello) => manager.hello(hello),
      onReady: (executor, ready, host) => {
        if (backend.isUsedUp(ready.address))
          return manager.rejected(executor.id, `it serves blocks at ${ready.address}, where a lost executor did`);
        options.onMaxHashBuildBytes(Number(ready.maxHashBuildBytes));
        manager.ready(executor, host, ready.slots);
      },
      onHeard: (id) => manager.heard(id),
      onDisconnected: (id, incarnation) => manager.disconnected(id, incarnation),
      onRejected: (id, reason) => manager.rejected(id, reason),
      onResult: (id, result) => backend.report(id, result),
      onLeaving: (id, reason) => manager.leaving(id, reason),
    },
  );
  return {
    launch: { applicationId, secret, settings, tls, host: address.host, port: server.port },
    fence: (id, reason) => server.fence(executorId(id), reason),
    async close() {
      await server.close();
      await transport.close();
    },
  };
}
