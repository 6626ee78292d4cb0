import { glob, readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { TextSplit } from '@kiln/contracts';
import { clientError } from '../errors.ts';

/** Block size of local files in Hadoop (`fs.local.block.size`). */
const blockBytes = 32 << 20;

/** The last split of a file may be larger by a tenth, so that no tiny one is left. */
const slop = 1.1;

interface TextFile {
  readonly path: string;
  readonly size: number;
}

/** The splits of files, as Hadoop's `FileInputFormat` cuts them. Errors: KILN_SOURCE_NOT_FOUND. */
export async function textSplits(paths: string, minPartitions: number): Promise<readonly TextSplit[]> {
  const files = (await Promise.all(paths.split(',').map((path) => filesOf(path.trim())))).flat();
  const total = files.reduce((sum, { size }) => sum + size, 0);
  const goal = Math.floor(total / Math.max(1, minPartitions));
  const target = Math.max(1, Math.min(goal, blockBytes));
  return files.flatMap((file) => splitsOf(file, target));
}

export function splitsOf({ path, size }: TextFile, target: number): TextSplit[] {
  const splits: TextSplit[] = [];
  let start = 0;
  for (; (size - start) / target > slop; start += target) splits.push({ path, start, length: target });
  if (start < size) splits.push({ path, start, length: size - start });
  return splits;
}

async function filesOf(path: string): Promise<readonly TextFile[]> {
  const matches = /[*?[{]/.test(path) ? await matching(path) : [path];
  const found = (await Promise.all(matches.sort().map((match) => filesAt(resolve(match))))).flat();
  if (found.length === 0 && matches.length === 0) throw notFound(path);
  return found;
}

async function matching(pattern: string): Promise<string[]> {
  const found: string[] = [];
  for await (const match of glob(pattern)) found.push(match);
  return found;
}

async function filesAt(path: string): Promise<readonly TextFile[]> {
  const at = await stat(path).catch((cause) => {
    throw notFound(path, cause);
  });
  if (!at.isDirectory()) return [{ path, size: at.size }];
  const names = (await readdir(path)).filter((name) => !/^[._]/.test(name)).sort();
  const inside = await Promise.all(names.map(async (name) => ({ name, at: await stat(join(path, name)) })));
  return inside
    .filter((entry) => entry.at.isFile())
    .map(({ name, at: { size } }) => ({ path: join(path, name), size }));
}

function notFound(path: string, cause?: unknown): Error {
  return clientError('KILN_SOURCE_NOT_FOUND', `There is no file '${path}'`, { cause, concerns: { path } });
}
