import type { ShuffleServiceConfig, ShuffleServiceUsage } from '@kiln/contracts/executor';
import { NativeShuffleService } from '@kiln/native';
import { nativeError } from '../native/index.ts';

/** Serves the map outputs of executors that are gone, for as long as its process lives. */
export interface ShuffleService {
  /** `host:port` by which others reach it. */
  readonly address: string;
  usage(): ShuffleServiceUsage;
  /** Files and registry stay: the next service on this host goes on with them. */
  close(): Promise<void>;
}

/** `onLog` hears of peers that are turned away. Errors: KILN_TRANSPORT_INVALID, KILN_FETCH_LOCAL. */
export async function openShuffleService(
  config: ShuffleServiceConfig,
  onLog: (message: string) => void,
): Promise<ShuffleService> {
  try {
    const native = await NativeShuffleService.open(JSON.stringify(config));
    native.onLog(onLog);
    return {
      address: native.address,
      usage: () => JSON.parse(native.usage()) as ShuffleServiceUsage,
      close: () => native.close(),
    };
  } catch (error) {
    throw nativeError(error);
  }
}
