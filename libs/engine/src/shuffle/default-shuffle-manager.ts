import { EngineSettings, inject, injectable } from '@kiln/contracts/plugin';
import type { ShuffleManager, ShuffleWriterChoice } from '@kiln/contracts/shuffle';

/**
 * Blocks stay in memory as batches and move to files under pressure. `kiln.shuffle.forceFile` writes every block to a file, and so does
 * `spark.shuffle.service.enabled`: a service has only files.
 */
@injectable()
export class DefaultShuffleManager implements ShuffleManager {
  readonly #choice: ShuffleWriterChoice;

  constructor(@inject(EngineSettings) settings: EngineSettings) {
    const codec = settings.get('spark.io.compression.codec');
    const filesOnly = settings.get('kiln.shuffle.forceFile') || settings.get('spark.shuffle.service.enabled');
    this.#choice = {
      blockStore: filesOnly ? 'file:' : 'memory:',
      compression: !settings.get('spark.shuffle.compress') ? 'none' : codec === 'zstd' ? 'zstd' : 'lz4',
    };
  }

  writer(): ShuffleWriterChoice {
    return this.#choice;
  }
}
