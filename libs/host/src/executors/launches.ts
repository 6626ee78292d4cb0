import type { ExecutorId } from '@kiln/base';
import type { ExecutorLaunch, ExecutorResources, LaunchTls } from '@kiln/contracts/cluster-manager';
import type { EngineSettings } from '@kiln/contracts/plugin';

const loopback = '127.0.0.1';
const environmentFamily = 'spark.executorEnv.*';
const environmentPrefix = environmentFamily.slice(0, -1);

/** Settings that executors have no use for: how to be taken for the driver, and its keys. */
const driverOnly = /^spark\.(authenticate\.|ssl\.)/;

/** What executors get to know of the settings. */
export function executorConf(settings: EngineSettings): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(settings.entries()).filter(([name]) => !driverOnly.test(name)));
}

export interface DriverAddress {
  /** Where it listens. */
  readonly bind: string;
  /** Under which name executors reach it. */
  readonly host: string;
  readonly port: number;
}

/** Loopback unless told otherwise. */
export function driverAddress(settings: EngineSettings): DriverAddress {
  const host = settings.get('spark.driver.host') ?? loopback;
  return { bind: settings.get('spark.driver.bindAddress') ?? host, host, port: settings.get('spark.driver.port') };
}

export interface LaunchParts {
  readonly applicationId: string;
  readonly secret: string;
  readonly settings: EngineSettings;
  readonly tls: LaunchTls | null;
  readonly host: string;
  readonly port: number;
}

export function executorLaunch(
  parts: LaunchParts,
  executorId: ExecutorId,
  resources: ExecutorResources,
): ExecutorLaunch {
  const { applicationId, secret, settings, tls, port } = parts;
  const host = parts.host.includes(':') ? `[${parts.host}]` : parts.host;
  const variables = Object.entries(settings.entries()).filter(([name]) => name.startsWith(environmentPrefix));
  return {
    driverUrl: `${tls === null ? 'http' : 'https'}://${host}:${port}`,
    applicationId,
    secret,
    executorId,
    cores: resources.cores,
    memoryBytes: resources.memoryBytes,
    host: loopback,
    tls,
    networkTimeoutMillis: settings.get('spark.network.timeout'),
    reconnectMillis: settings.get('kiln.executor.reconnectTimeout'),
    maxMessageBytes: settings.get('spark.rpc.message.maxSize') * 1024 * 1024,
    environment: Object.fromEntries(variables.map(([name, value]) => [name.slice(environmentPrefix.length), value])),
    localDirs: settings.get('spark.local.dir'),
  };
}
