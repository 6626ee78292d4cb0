// Finds the addon: the one built in this checkout, else the package of this platform.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { platformName } from './platform.js';

const require = createRequire(import.meta.url);

export function loadAddon(name = platformName(), folder = new URL('./', import.meta.url)) {
  const local = fileURLToPath(new URL(`kiln.${name}.node`, folder));
  const built = existsSync(local);
  const source = built ? local : `@kiln/native-${name}`;
  try {
    return require(source);
  } catch (cause) {
    const advice = built
      ? 'It does not fit this machine or this Node.js: delete it and run "npm run build" again.'
      : `In a checkout of Kiln, run "npm run build". In an installed application, "${source}" is an optional ` +
        'dependency: install without --omit=optional, on a platform that Kiln is released for.';
    throw new Error(`Kiln's native addon for ${name} cannot be loaded from ${source}. ${advice}`, { cause });
  }
}
