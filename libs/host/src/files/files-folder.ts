import { randomBytes } from 'node:crypto';
import { access, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KilnError } from '@kiln/base';
import type { EngineSettings } from '@kiln/contracts/plugin';
import { applicationPaths } from './application-files.ts';

/** The environment variable that tells functions on executors the folder of the application's files. */
export const filesVariable = 'KILN_FILES';

/** The files of `spark.files` in one folder, under their names, while executors run here. */
export class FilesFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Of executors in the driver's own process: links to where the files are. `null`: there are none. Errors: KILN_FILES. */
  static async link(settings: EngineSettings): Promise<FilesFolder | null> {
    const paths = applicationPaths(settings);
    if (paths.size === 0) return null;
    for (const path of paths.values()) {
      await access(path).catch((cause) => {
        throw new KilnError('KILN_FILES', `The file ${path}, which spark.files names, cannot be read`, {
          concerns: { file: path },
          cause,
        });
      });
    }
    const folder = await FilesFolder.#make(settings.get('spark.local.dir')[0] ?? tmpdir());
    for (const [name, path] of paths) await symlink(path, join(folder.path, name));
    return folder;
  }

  /** Of an executor in a process of its own: what came from the driver, below `parent`, which goes with everything in it. */
  static async write(
    parent: string,
    files: readonly { readonly name: string; readonly bytes: Uint8Array }[],
  ): Promise<FilesFolder | null> {
    if (files.length === 0) return null;
    const path = join(parent, 'files');
    await mkdir(path, { recursive: true });
    for (const { name, bytes } of files) {
      if (name.includes('/') || name === '..' || name === '.' || name === '')
        throw new KilnError('KILN_FILES', `'${name.slice(0, 200)}' is no name of a file`);
      await writeFile(join(path, name), bytes);
    }
    return new FilesFolder(path);
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }

  /** Named as the data plane names its folders: whoever cleans up after a dead process finds it. */
  static async #make(parent: string): Promise<FilesFolder> {
    const path = join(parent, `kiln-${process.pid}-${randomBytes(8).toString('hex')}`);
    await mkdir(path, { recursive: true });
    return new FilesFolder(path);
  }
}
