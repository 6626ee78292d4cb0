import { readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Removes what a dead process left in its local directories: the data plane keeps everything in folders `kiln-<pid>-<random>` there.
 * Never rejects: a directory that cannot be read has nothing of ours.
 */
export async function removeFilesOf(pid: number, localDirs: readonly string[]): Promise<void> {
  const roots = localDirs.length > 0 ? localDirs : [tmpdir()];
  await Promise.all(
    roots.map(async (root) => {
      const names = await readdir(root).catch(() => []);
      const left = names.filter((name) => name.startsWith(`kiln-${pid}-`));
      await Promise.all(left.map((name) => rm(join(root, name), { recursive: true, force: true }).catch(() => {})));
    }),
  );
}
