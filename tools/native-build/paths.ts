import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { platformName } from '../../native/addon/platform.js';

export const root = dirname(dirname(import.meta.dirname));
/** The profile of newcomers, tests and benchmarks: one, so that nothing is compiled twice. */
export const PROFILE = 'release';
export const addonFolder = join(root, 'native', 'addon');
export const binaryName = `kiln.${platformName()}.node`;

export function cacheFolder(): string {
  const { KILN_CACHE_DIR, XDG_CACHE_HOME } = process.env;
  return KILN_CACHE_DIR || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'kiln');
}
