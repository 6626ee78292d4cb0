import { resolve } from 'node:path';

/** A path that means the same in another process: absolute, unless it has a scheme (`s3://`, `file:`). */
export function absolutePath(path: string, folder = process.cwd()): string {
  return /^[a-z][a-z0-9+.-]+:/i.test(path) ? path : resolve(folder, path);
}
