// The repository as the checks see it: file names as git knows them, and texts.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Repository {
  readonly root: string;
  /** Tracked and new files, without ignored ones; paths with `/`. */
  readonly files: readonly string[];
  read(file: string): string;
}

export function openRepository(root: string): Repository {
  const git = spawnSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  if (git.status !== 0) throw new Error(`git ls-files failed in ${root}: ${git.stderr}`);
  const files = git.stdout.split('\0').filter((file) => file && existsSync(join(root, file)));
  // A file may go while a check runs, when somebody works in the same folder.
  const read = (file: string) => (existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : '');
  return { root, files: files.sort(), read };
}
