import type { LaunchTls } from '@kiln/contracts/cluster-manager';
import type { TransportConfig } from '@kiln/contracts/executor';
import type { EngineSettings } from '@kiln/contracts/plugin';

/** Frames of blocks are cut to pieces far below it. */
const maxFrameBytes = 16 * 1024 * 1024;
/** Requests of several readers at the same time share this many times what one may have on its way. */
const readersAtOnce = 2;

export interface TransportPlace {
  readonly applicationId: string;
  readonly secret: string;
  readonly tls: LaunchTls | null;
  /** Address to listen at, and the name under which others reach it. */
  readonly bind: string;
  readonly host: string;
  readonly port: number;
  readonly slots: number;
}

/** How this process serves blocks and fetches those of others, by the settings. */
export function transportConfig(settings: EngineSettings, place: TransportPlace): TransportConfig {
  const maxSizeInFlight = settings.get('spark.reducer.maxSizeInFlight');
  return {
    host: place.bind,
    port: place.port,
    advertisedHost: place.host,
    applicationId: place.applicationId,
    secret: Buffer.from(place.secret).toString('base64'),
    tls: place.tls,
    maxFrameBytes,
    idleTimeoutMillis: settings.get('spark.network.timeout'),
    connectTimeoutMillis: Math.min(settings.get('spark.network.timeout'), 30_000),
    maxSizeInFlight,
    maxBytesInFlight: maxSizeInFlight * Math.max(readersAtOnce, place.slots),
    maxReqsInFlight: settings.get('spark.reducer.maxReqsInFlight'),
    maxRetries: settings.get('spark.shuffle.io.maxRetries'),
    retryWaitMillis: settings.get('spark.shuffle.io.retryWait'),
    maxBlockToMemory: settings.get('spark.network.maxRemoteBlockSizeFetchToMem'),
  };
}
