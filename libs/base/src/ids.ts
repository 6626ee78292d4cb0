/** Branded ids: numbers and strings that cannot be mixed up. Made here only. */
declare const brand: unique symbol;
type Brand<T, Name extends string> = T & { readonly [brand]: Name };

export type JobId = Brand<number, 'JobId'>;
/** Unique in an engine; a stage keeps it over its attempts. */
export type StageId = Brand<number, 'StageId'>;
/** Unique in an engine: one attempt of one partition. */
export type TaskId = Brand<number, 'TaskId'>;
export type ShuffleId = Brand<number, 'ShuffleId'>;
/** `driver` in local mode, otherwise given by the cluster manager. */
export type ExecutorId = Brand<string, 'ExecutorId'>;
/** One process `kiln worker`; a restarted one has another. */
export type WorkerId = Brand<string, 'WorkerId'>;
/** A driver that a cluster runs; it keeps it when it is started again. */
export type DriverId = Brand<string, 'DriverId'>;

export const jobId = (value: number) => value as JobId;
export const stageId = (value: number) => value as StageId;
export const taskId = (value: number) => value as TaskId;
export const shuffleId = (value: number) => value as ShuffleId;
export const executorId = (value: string) => value as ExecutorId;
export const workerId = (value: string) => value as WorkerId;
export const driverId = (value: string) => value as DriverId;
