import type { Need } from './scenario.ts';

const reasons: Readonly<Record<Need, () => string | null>> = {
  linux: () =>
    process.platform === 'linux' ? null : 'processes and ports are looked up in /proc, which only Linux has',
  root: () => (process.getuid?.() === 0 ? null : 'only root may mount'),
};

/** Why a scenario cannot run here; `null`: it can. */
export function missing(needs: readonly Need[]): string | null {
  // Everything is counted by what Linux tells.
  return (['linux', ...needs] as const).map((need) => reasons[need]()).find((reason) => reason !== null) ?? null;
}
