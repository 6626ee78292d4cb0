import type { ExecutorId, Unregister } from '@kiln/base';
import { token } from '../plugin/token.ts';
import type { BlockTransport } from './block-transport.ts';
import type { CopiedOutput, ExecutorUsage, MapOutputLocation, MapOutputs } from './boundary.ts';
import type { TaskDescription, TaskResult } from './task-runner.ts';

/**
 * Task slots of one process: launches, cancels, reports.
 *
 * Plane: control. Process: executor (in `local` the driver's). Called by the scheduler backend, a few times per task.
 */
export interface Executor {
  readonly id: ExecutorId;
  readonly slots: number;
  /** Resolves with the outcome; never rejects. */
  launch(task: TaskDescription): Promise<TaskResult>;
  kill(taskId: number, reason: string): void;
  /** A program by its content hash; loading it twice does nothing. */
  loadProgram(hash: string, bytes: Uint8Array): void;
  dropProgram(hash: string): void;
  /** Once per shuffle and epoch: locations are never embedded in tasks. */
  setMapOutputs(outputs: MapOutputs): void;
  removeShuffle(shuffleId: number): void;
  /** Copies map outputs of an executor that leaves into this one. Errors: KILN_FETCH_*. */
  copyMapOutputs(shuffleId: number, outputs: readonly MapOutputLocation[]): Promise<readonly CopiedOutput[]>;
  /** Hands its files to the shuffle service at `host:port`, whose secret is given: they outlive it. Errors: KILN_FETCH_*. */
  registerWithShuffleService(address: string, secret: string): Promise<void>;
  usage(): ExecutorUsage;
  /** Kills what runs, frees memory and files. */
  stop(): Promise<void>;
}

/** Makes the executor of this process. Bound once; the `Default...` one runs native programs and contributed runners. */
export interface ExecutorFactory {
  create(options: ExecutorOptions): Promise<Executor>;
}
export const ExecutorFactory = token<ExecutorFactory>('executor.factory');

export interface ExecutorOptions {
  readonly id: ExecutorId;
  readonly slots: number;
  /** Bytes that this executor may use in all. */
  readonly memoryBytes: number;
  /** How it reaches the blocks of others; `null`: there are no others. */
  readonly transport: BlockTransport | null;
}

/**
 * The driver's side of all executors: sends tasks, hands back outcomes. It hides whether an executor is in this process.
 *
 * Plane: control. Process: driver, control thread. Crossed once per task each way.
 */
export interface SchedulerBackend {
  launch(executor: ExecutorId, task: TaskDescription): void;
  kill(executor: ExecutorId, taskId: number, reason: string): void;
  ensureProgram(executor: ExecutorId, hash: string, bytes: Uint8Array): void;
  dropProgram(hash: string): void;
  setMapOutputs(executor: ExecutorId, outputs: MapOutputs): void;
  removeShuffle(shuffleId: number): void;
  /**
   * Has an executor fetch these outputs and keep them; resolves with where it has them. A backend without it cannot: outputs of executors
   * that leave are made again. Errors: KILN_FETCH_*.
   */
  copyMapOutputs?(
    to: ExecutorId,
    shuffleId: number,
    outputs: readonly MapOutputLocation[],
  ): Promise<readonly { readonly map: number; readonly uri: string }[]>;
  onResult(listener: (executor: ExecutorId, result: TaskResult) => void): Unregister;
  /** Summed over executors; of one that does not answer in time, as it said last. */
  usage(): Promise<ExecutorUsage>;
  stop(): Promise<void>;
}
export const SchedulerBackend = token<SchedulerBackend>('executor.schedulerBackend');
