// `npm ci`, only when node_modules is not what the lock file says.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, say } from './console.mjs';
import { node24Path, run } from './run.mjs';

/** npm writes node_modules/.package-lock.json last: it tells what was really installed, by whatever command. */
export function dependenciesAreCurrent(folder = root) {
  const read = (file) => JSON.parse(readFileSync(join(folder, file), 'utf8')).packages;
  const installed = join('node_modules', '.package-lock.json');
  if (!existsSync(join(folder, installed))) return false;
  const have = read(installed);
  return Object.entries(read('package-lock.json')).every(([path, want]) => {
    if (!path.startsWith('node_modules/') && !path.includes('/node_modules/')) return true;
    const got = have[path];
    // Binaries of other platforms are not installed.
    if (!got) return Boolean(want.optional || want.devOptional || want.peer);
    return got.version === want.version && got.link === want.link && got.integrity === want.integrity;
  });
}

export async function installDependencies() {
  if (dependenciesAreCurrent()) {
    node24Path();
    return say('node_modules is current');
  }
  say('npm ci (about half a minute; it also fetches Node.js 24)');
  const npm = process.env.npm_execpath;
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  // npm_execpath is the npm that started us; another package manager would not understand `ci`.
  if (npm && /npm-cli\.js$/.test(npm)) await run(process.execPath, [npm, ...args]);
  else await run(process.platform === 'win32' ? 'npm.cmd' : 'npm', args);
  node24Path();
}
