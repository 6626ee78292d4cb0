import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../support/paths.ts';
import type { Need } from './scenario.ts';

const reasons: Readonly<Record<Need, () => string | null>> = {
  linux: () =>
    process.platform === 'linux' ? null : 'processes and ports are looked up in /proc, which only Linux has',
  root: () => (process.getuid?.() === 0 ? null : 'only root may mount'),
  'remote-shuffle': () => (addonHas('NativeTransport') ? null : 'executors cannot fetch blocks of others yet'),
  'shuffle-service': () => (addonHas('NativeShuffleService') ? null : 'there is no shuffle service yet'),
};

/** Why a scenario cannot run here; `null`: it can. */
export function missing(needs: readonly Need[]): string | null {
  // Everything is counted by what Linux tells.
  return (['linux', ...needs] as const).map((need) => reasons[need]()).find((reason) => reason !== null) ?? null;
}

function addonHas(name: string): boolean {
  return readFileSync(join(repository, 'native/addon/index.d.ts'), 'utf8').includes(`class ${name}`);
}
