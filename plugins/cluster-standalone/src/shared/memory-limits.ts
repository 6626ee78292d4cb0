import { Settings } from '@kiln/base';

/** Spark's: `spark.executor.memoryOverhead` is at least this. */
const minOverheadBytes = 384 * 2 ** 20;

/** Memory that a process may hold beside `spark.executor.memory` (or `spark.driver.memory`): its own setting, else a tenth, at least 384 MiB. */
export function overheadBytes(
  role: 'executor' | 'driver',
  memoryBytes: number,
  conf: Readonly<Record<string, string>>,
): number {
  const { settings } = Settings.from(conf);
  const [set, factor] =
    role === 'executor'
      ? [settings.get('spark.executor.memoryOverhead'), settings.get('spark.executor.memoryOverheadFactor')]
      : [settings.get('spark.driver.memoryOverhead'), settings.get('spark.driver.memoryOverheadFactor')];
  return set ?? Math.max(minOverheadBytes, Math.ceil(memoryBytes * factor));
}

/** Why a process was ended, for who runs the job. */
export function exceededText(role: 'executor' | 'driver', used: number, memory: number, overhead: number): string {
  const advice =
    role === 'executor'
      ? 'Raise spark.executor.memoryOverhead or spark.executor.memory, or give each task less: more partitions, fewer spark.executor.cores'
      : 'Raise spark.driver.memoryOverhead or spark.driver.memory';
  return (
    `it held ${mebibytes(used)} of memory and was ended: its limit is ${mebibytes(memory + overhead)} ` +
    `(spark.${role}.memory ${mebibytes(memory)} and ${mebibytes(overhead)} of overhead). ${advice}`
  );
}

const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
