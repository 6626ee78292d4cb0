import { parseBytes } from '@kiln/base';

/** Spark's: `spark.executor.memoryOverhead` is at least this. */
const minOverheadBytes = 384 * 2 ** 20;
const defaultFactor = 0.1;

/** Memory that a process may hold beside `spark.executor.memory` (or `spark.driver.memory`): its own setting, else a tenth, at least 384 MiB. */
export function overheadBytes(
  role: 'executor' | 'driver',
  memoryBytes: number,
  conf: Readonly<Record<string, string>>,
): number {
  const set = conf[`spark.${role}.memoryOverhead`];
  if (set !== undefined) return parseBytes(set, 'MiB');
  const factor = Number(conf[`spark.${role}.memoryOverheadFactor`] ?? defaultFactor);
  return Math.max(minOverheadBytes, Math.ceil(memoryBytes * factor));
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
