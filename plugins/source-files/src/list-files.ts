import type { Dirent } from 'node:fs';
import { glob, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KilnError } from '@kiln/base';
import type { TableFile } from '@kiln/contracts/planner';

/**
 * The files under `paths` (files, folders, globs; `file:` URLs too), sorted by path. Names that begin with `_` or `.` are skipped, as Spark
 * does. Errors: KILN_SOURCE_NOT_FOUND for a path that does not exist, KILN_SOURCE_OPTIONS for none at all.
 */
export async function listFiles(paths: readonly string[]): Promise<readonly TableFile[]> {
  if (paths.length === 0)
    throw new KilnError('KILN_SOURCE_OPTIONS', 'There is no path to read', {
      hint: "Name files, folders or patterns: read.parquet('data/flights.parquet'), in a job file path: ...",
    });
  const lists = await Promise.all(paths.map(listPath));
  return lists.flat();
}

async function listPath(path: string): Promise<readonly TableFile[]> {
  const local = toLocal(path);
  const matches: string[] = [];
  if (/[*?[{]/.test(local)) for await (const match of glob(local)) matches.push(match);
  else matches.push(local);
  if (matches.length === 0) throw await notFound(path);
  const lists = await Promise.all(matches.sort().map((match) => listOne(match, path)));
  return lists.flat();
}

function toLocal(path: string): string {
  if (path.startsWith('file:')) return fileURLToPath(path);
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(path)?.[1];
  if (scheme !== undefined)
    throw new KilnError('KILN_SOURCE_SCHEME', `Files of '${scheme}://' cannot be read yet`, {
      hint: 'Use a local path or a file: URL',
      concerns: { path },
    });
  return resolve(path);
}

async function listOne(path: string, asked: string): Promise<readonly TableFile[]> {
  const info = await stat(path).catch(async (cause) => {
    throw await notFound(asked, cause);
  });
  if (info.isFile())
    return [{ path, size: info.size, modifiedMillis: Math.floor(info.mtimeMs), rows: null, hosts: [], blocks: [] }];
  const entries: Dirent[] = await readdir(path, { withFileTypes: true });
  const visible = entries
    .filter((entry) => !entry.name.startsWith('_') && !entry.name.startsWith('.'))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const lists = await Promise.all(visible.map((entry) => listOne(join(path, entry.name), asked)));
  return lists.flat();
}

async function notFound(path: string, cause?: unknown): Promise<KilnError> {
  return new KilnError('KILN_SOURCE_NOT_FOUND', `Path does not exist: ${path}`, {
    cause,
    hint: await whereItEnds(path),
    concerns: { path },
  });
}

/** Which part of the path is there: what is wrong begins behind it. */
async function whereItEnds(path: string): Promise<string> {
  let missing = resolve(path.startsWith('file:') ? fileURLToPath(path) : path);
  for (let folder = dirname(missing); ; missing = folder, folder = dirname(folder)) {
    const info = await stat(folder).catch(() => undefined);
    if (info?.isDirectory()) return `'${folder}' is there, but nothing in it is named '${basename(missing)}'`;
    if (info !== undefined) return `'${folder}' is a file, not a folder`;
    if (folder === dirname(folder)) return 'Check the path';
  }
}
