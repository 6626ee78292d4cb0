import type { ExecutorUsage } from '@kiln/contracts/executor';

export const noUsage: ExecutorUsage = {
  liveTasks: 0,
  reservedBytes: 0,
  storageBytes: 0,
  diskBytes: 0,
  temporaryFiles: 0,
  mapOutputs: 0,
  programs: 0,
  sharedBuilds: 0,
};

export function addUsage(a: ExecutorUsage, b: ExecutorUsage): ExecutorUsage {
  const keys = Object.keys(a) as (keyof ExecutorUsage)[];
  return Object.fromEntries(keys.map((key) => [key, a[key] + b[key]])) as unknown as ExecutorUsage;
}
