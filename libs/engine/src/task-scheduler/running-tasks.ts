import { type TaskId, taskId } from '@kiln/base';
import type { ExecutorPool, ExecutorState } from './executor-pool.ts';
import type { RunningTask, TaskSetState } from './state.ts';

/** The tasks that have a slot. A task that is not here has no end to report any more. */
export class RunningTasks {
  readonly #executors: ExecutorPool;
  readonly #byId = new Map<TaskId, RunningTask>();
  #next = 0;

  constructor(executors: ExecutorPool) {
    this.#executors = executors;
  }

  get size(): number {
    return this.#byId.size;
  }

  get(id: TaskId): RunningTask | undefined {
    return this.#byId.get(id);
  }

  start(
    set: TaskSetState,
    index: number,
    executor: ExecutorState,
    startedAt: number,
    speculative: boolean,
  ): RunningTask {
    const id = taskId(this.#next++);
    const task: RunningTask = {
      taskId: id,
      set,
      index,
      attempt: set.nextAttempt(index),
      executor,
      startedAt,
      speculative,
    };
    this.#byId.set(id, task);
    this.#executors.occupy(task);
    set.started(task);
    return task;
  }

  stop(task: RunningTask): void {
    this.#byId.delete(task.taskId);
    this.#executors.release(task);
    task.set.stopped(task);
  }
}
