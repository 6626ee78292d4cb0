import type { EngineResult } from '../engines.ts';
import type { BenchOptions } from '../options.ts';

/** Engines of one process, and engines of several. */
export type Placement = 'local' | 'cluster';

export const enginesOf = (placement: Placement, { peers, clusterPeers }: BenchOptions): readonly string[] =>
  placement === 'local' ? ['kiln', ...peers] : ['kiln-cluster', ...clusterPeers];

/** One engine after the other; those that are not installed are left out. */
export async function each(
  engines: readonly string[],
  run: (engine: string) => Promise<EngineResult | undefined>,
): Promise<readonly EngineResult[]> {
  const results: EngineResult[] = [];
  for (const engine of engines) {
    const result = await run(engine);
    if (result !== undefined) results.push(result);
  }
  return results;
}
