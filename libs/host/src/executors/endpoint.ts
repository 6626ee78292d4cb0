import type { ExecutorId } from '@kiln/base';
import type { Executor, ExecutorUsage, MapOutputs, TaskDescription, TaskResult } from '@kiln/contracts/executor';

/** One executor as the driver sees it, wherever it runs. */
export interface ExecutorEndpoint {
  readonly id: ExecutorId;
  /** Where it serves its blocks; empty: in this process. */
  readonly address: string;
  /** The result comes through the function that the endpoint was made with. */
  launch(task: TaskDescription): void;
  kill(taskId: number, reason: string): void;
  ensureProgram(hash: string, bytes: Uint8Array): void;
  dropProgram(hash: string): void;
  setMapOutputs(outputs: MapOutputs): void;
  removeShuffle(shuffleId: number): void;
  /** An executor that served blocks there is gone for good. */
  peerGone(address: string): void;
  usage(): Promise<ExecutorUsage>;
  stop(): Promise<void>;
}

/** An executor of this process, called directly. */
export class InProcessEndpoint implements ExecutorEndpoint {
  readonly id: ExecutorId;
  readonly address = '';
  readonly #executor: Executor;
  readonly #report: (result: TaskResult) => void;

  constructor(executor: Executor, report: (result: TaskResult) => void) {
    this.id = executor.id;
    this.#executor = executor;
    this.#report = report;
  }

  launch(task: TaskDescription): void {
    void this.#executor.launch(task).then(this.#report);
  }

  kill(taskId: number, reason: string): void {
    this.#executor.kill(taskId, reason);
  }

  ensureProgram(hash: string, bytes: Uint8Array): void {
    this.#executor.loadProgram(hash, bytes);
  }

  dropProgram(hash: string): void {
    this.#executor.dropProgram(hash);
  }

  setMapOutputs(outputs: MapOutputs): void {
    this.#executor.setMapOutputs(outputs);
  }

  removeShuffle(shuffleId: number): void {
    this.#executor.removeShuffle(shuffleId);
  }

  /** It reads from no other process. */
  peerGone(): void {}

  async usage(): Promise<ExecutorUsage> {
    return this.#executor.usage();
  }

  stop(): Promise<void> {
    return this.#executor.stop();
  }
}
