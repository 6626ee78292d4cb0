import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import type { ExecutorResources } from '@kiln/contracts/cluster-manager';
import type { EngineSettings } from '@kiln/contracts/plugin';

/** Share of the machine (or cgroup) that an engine takes when `spark.executor.memory` and `spark.driver.memory` are not set. */
const shareOfMachine = 0.7;

export function machineResources(settings: EngineSettings): ExecutorResources {
  const name = (['spark.executor.memory', 'spark.driver.memory'] as const).find((candidate) =>
    settings.isSet(candidate),
  );
  return {
    cores: availableParallelism(),
    memoryBytes: (name && settings.get(name)) ?? Math.floor(memoryLimit() * shareOfMachine),
  };
}

function memoryLimit(): number {
  const limits = ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes'].map(readNumber);
  return Math.min(totalmem(), ...limits);
}

function readNumber(path: string): number {
  try {
    const value = Number(readFileSync(path, 'utf8').trim());
    return Number.isFinite(value) && value > 0 ? value : Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
