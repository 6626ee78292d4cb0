import { type Dirent, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { listeningPorts, processesWith } from '../support/traces.ts';
import { until } from './until.ts';

/** Of what is left, in messages. */
const shown = 5;

/** What a run may leave and must not: processes of its applications and clusters, ports of this process, files in its local directories. */
export class Residue {
  readonly #ports = listeningPorts();

  /** Waits until nothing is left, for `millis` at most. Errors: lists what is left. */
  async expectNone(marks: readonly string[], localDirs: readonly string[], millis: number): Promise<void> {
    let left: readonly string[] = [];
    const look = () => {
      left = this.#left(marks, localDirs);
      return left.length === 0 ? true : undefined;
    };
    await until('nothing is left', millis, look).catch((error: Error) => {
      const more = left.length > shown ? ` and ${left.length - shown} more` : '';
      throw new Error(`${error.message}; there is ${left.slice(0, shown).join(', ')}${more}`);
    });
  }

  #left(marks: readonly string[], localDirs: readonly string[]): readonly string[] {
    const processes = marks.flatMap((mark) => processesWith(mark)).filter(({ pid }) => pid !== process.pid);
    return [
      ...processes.map(({ pid, command }) => `process ${pid} (${command})`),
      ...listeningPorts()
        .filter((port) => !this.#ports.includes(port))
        .map((port) => `port ${port}`),
      ...localDirs.flatMap(filesUnder).map((file) => `file ${file}`),
    ];
  }
}

/** Files at any depth; folders of applications do not count. */
export function filesUnder(folder: string): readonly string[] {
  return entriesOf(folder).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesUnder(path) : [path];
  });
}

/** Folders go while one looks. */
function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
