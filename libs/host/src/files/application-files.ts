import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { KilnError } from '@kiln/base';
import type { EngineSettings } from '@kiln/contracts/plugin';

/** A file of `spark.files`, to be sent to executors. */
export interface ApplicationFile {
  readonly name: string;
  /** SHA-256 of the bytes, hex: under which it travels. */
  readonly hash: string;
  readonly bytes: Uint8Array;
}

/** Reads the files of `spark.files`. Errors: KILN_FILES for one that cannot be read, or two of one name. */
export async function readApplicationFiles(settings: EngineSettings): Promise<readonly ApplicationFile[]> {
  const paths = applicationPaths(settings);
  return Promise.all(
    [...paths].map(async ([name, path]) => {
      const bytes = await readFile(path).catch((cause) => {
        throw new KilnError('KILN_FILES', `The file ${path}, which spark.files names, cannot be read`, {
          concerns: { file: path },
          cause,
        });
      });
      return { name, hash: createHash('sha256').update(bytes).digest('hex'), bytes };
    }),
  );
}

/** Absolute paths by the names under which executors find them. Errors: KILN_FILES for two of one name. */
export function applicationPaths(settings: EngineSettings): ReadonlyMap<string, string> {
  const paths = new Map<string, string>();
  for (const path of settings.get('spark.files').map((file) => resolve(file))) {
    const name = basename(path);
    const other = paths.get(name);
    if (other !== undefined && other !== path) {
      throw new KilnError('KILN_FILES', `spark.files names two files '${name}': ${other} and ${path}`, {
        hint: 'Executors have all files in one folder: give one of them another name',
        concerns: { file: path },
      });
    }
    paths.set(name, path);
  }
  return paths;
}
