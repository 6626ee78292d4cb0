import { createRequire } from 'node:module';
import { KilnError } from '@kiln/base';
import { addonVersion } from '@kiln/engine/native';

export type Versions = Readonly<Record<string, string>>;

/** What has to be the same in all processes of an application. */
export function ownVersions(): Versions {
  const { version } = createRequire(import.meta.url)('@kiln/host/package.json') as { readonly version: string };
  return { kiln: version, addon: addonVersion() };
}

/** Errors: KILN_EXECUTOR_VERSION, which names all that differs, with both sides. */
export function checkVersions(executor: string, driver: Versions, theirs: Versions): void {
  const different = Object.entries(driver).filter(([name, version]) => theirs[name] !== version);
  if (different.length === 0) return;
  const list = different.map(
    ([name, version]) => `${name} ${version} in the driver and ${theirs[name] ?? 'none'} there`,
  );
  throw new KilnError(
    'KILN_EXECUTOR_VERSION',
    `Executor ${executor} is refused, since versions differ: ${list.join(', ')}`,
    {
      hint: 'Install the same version of Kiln and of its plugins on all machines',
      concerns: { executor },
    },
  );
}
