import type { TaskDescription, TaskResult, TaskRunner } from '@kiln/contracts/executor';
import type { NativeExecutor } from '@kiln/native';

/** Runs native programs: one crossing to start, one when it is done. */
export class PlanTaskRunner implements TaskRunner {
  readonly kind = 'plan';
  readonly #native: NativeExecutor;

  constructor(native: NativeExecutor) {
    this.#native = native;
  }

  async run(task: TaskDescription): Promise<TaskResult> {
    const { json, data } = await this.#native.runTask(JSON.stringify(task.spec));
    return { outcome: JSON.parse(json), data: data ?? null };
  }

  cancel(taskId: number, reason: string): void {
    this.#native.cancelTask(taskId, reason);
  }
}
