import type { BlockTransport, TransportConfig } from '@kiln/contracts/executor';
import { NativeTransport } from '@kiln/native';
import { nativeError } from '../native/index.ts';

/** Opens this process's block transport. `onLog` hears of peers that are turned away. Errors: KILN_TRANSPORT_*. */
export async function openTransport(
  config: TransportConfig,
  onLog: (message: string) => void,
): Promise<BlockTransport> {
  try {
    const native = await NativeTransport.open(JSON.stringify(config));
    native.onLog(onLog);
    return new NativeBlockTransport(native);
  } catch (error) {
    throw nativeError(error);
  }
}

/** The addon's transport behind a block transport; `null`: it is none of ours. */
export function nativeTransportOf(transport: BlockTransport | null): NativeTransport | null {
  return transport instanceof NativeBlockTransport ? transport.native : null;
}

class NativeBlockTransport implements BlockTransport {
  readonly native: NativeTransport;

  constructor(native: NativeTransport) {
    this.native = native;
  }

  get address(): string {
    return this.native.address;
  }

  putBlob(id: string, bytes: Uint8Array): void {
    this.native.putBlob(id, bytes);
  }

  removeBlob(id: string): void {
    this.native.removeBlob(id);
  }

  async fetchBlob(address: string, id: string): Promise<Uint8Array> {
    try {
      return await this.native.fetchBlob(address, id);
    } catch (error) {
      throw nativeError(error);
    }
  }

  peerGone(address: string): void {
    this.native.peerGone(address);
  }

  usage(): string {
    return this.native.usage();
  }

  close(): Promise<void> {
    return this.native.close();
  }
}
