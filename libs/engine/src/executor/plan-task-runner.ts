import type { TaskDescription, TaskResult, TaskRunner } from '@kiln/contracts/executor';
import type { NativeExecutor } from '@kiln/native';
import { nativeError } from '../native/index.ts';

/** Runs native programs: one crossing to start, one when it is done. */
export class PlanTaskRunner implements TaskRunner {
  readonly kind = 'plan';
  readonly #native: NativeExecutor;
  readonly #loaded = new Set<string>();

  constructor(native: NativeExecutor) {
    this.#native = native;
  }

  /** Before the first task of a program. Other runners have programs that are not native: those are never loaded. */
  load(hash: string, bytes: Uint8Array): void {
    if (this.#loaded.has(hash)) return;
    try {
      this.#native.loadProgram(hash, bytes);
    } catch (error) {
      throw nativeError(error);
    }
    this.#loaded.add(hash);
  }

  drop(hash: string): void {
    if (this.#loaded.delete(hash)) this.#native.dropProgram(hash);
  }

  async run(task: TaskDescription): Promise<TaskResult> {
    const { json, data } = await this.#native.runTask(JSON.stringify(task.spec));
    return { outcome: JSON.parse(json), data: data ?? null };
  }

  cancel(taskId: number, reason: string): void {
    this.#native.cancelTask(taskId, reason);
  }
}
