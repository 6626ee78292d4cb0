import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KilnError } from '@kiln/base';
import type { MasterSnapshot } from '../master/core/snapshot.ts';
import { isMissing, writeAtomically } from '../system/files.ts';
import { decodeSnapshot, encodeSnapshot } from '../wire/snapshot.ts';
import type { Terms } from './terms.ts';

/** The saved state of a master, in the folder of its term. */
export class StateStore {
  readonly #terms: Terms;
  readonly #term: number;

  constructor(terms: Terms, term: number) {
    this.#terms = terms;
    this.#term = term;
  }

  /**
   * What the last predecessor that saved something left; `undefined`: nothing. Errors: KILN_MASTER_STATE, when it cannot be read: a master
   * that began anew instead would forget drivers without a word.
   */
  async recover(): Promise<MasterSnapshot | undefined> {
    for (const term of await this.#terms.before(this.#term)) {
      const path = join(this.#terms.folder(term), 'state.json');
      const text = await readFile(path, 'utf8').catch((error: unknown) => {
        if (isMissing(error)) return undefined;
        throw error;
      });
      if (text === undefined) continue;
      try {
        return decodeSnapshot(text);
      } catch (cause) {
        throw new KilnError('KILN_MASTER_STATE', `The saved state of the master, ${path}, cannot be read`, {
          hint: 'Move the file away to begin without it: running applications go on, drivers and waiting applications are forgotten',
          concerns: { file: path },
          cause,
        });
      }
    }
    return undefined;
  }

  /** Resolves when it is on disk. Errors: KILN_MASTER_STATE. */
  async save(snapshot: MasterSnapshot): Promise<void> {
    const path = join(this.#terms.folder(this.#term), 'state.json');
    try {
      await writeAtomically(path, encodeSnapshot(snapshot));
    } catch (cause) {
      throw new KilnError('KILN_MASTER_STATE', `The state of the master cannot be saved in ${path}`, {
        concerns: { file: path },
        cause,
      });
    }
  }

  /** Once the own state is saved those of predecessors serve nobody. */
  async forgetPredecessors(): Promise<void> {
    for (const term of await this.#terms.before(this.#term)) await this.#terms.remove(term);
  }
}
