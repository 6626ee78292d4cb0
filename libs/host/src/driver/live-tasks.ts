import type { ExecutorId, JobId, TaskId } from '@kiln/base';
import type { TaskResult } from '@kiln/contracts/executor';
import type { WriteJob } from '@kiln/contracts/storage';
import type { TaskLaunch } from '@kiln/contracts/task-scheduler';
import type { Stage } from './stages.ts';

/** A task attempt from its launch until its end was dealt with. */
export interface LiveTask {
  readonly launch: TaskLaunch;
  readonly stage: Stage;
  /** Hash of the program that it runs. */
  readonly program: string | undefined;
  /** Of a task that writes files. */
  readonly write: WriteJob | null;
  /** It was told to stop. */
  killed: boolean;
  result: TaskResult | null;
  /** Its files go into the output. */
  committed: boolean;
}

/** Task attempts that executors know of. */
export class LiveTasks {
  readonly #tasks = new Map<TaskId, LiveTask>();
  readonly #waiting = new Set<{ readonly isDone: () => boolean; readonly resolve: () => void }>();

  add(launch: TaskLaunch, stage: Stage, write: WriteJob | null): void {
    const program = stage.attempt?.program.hash;
    this.#tasks.set(launch.taskId, { launch, stage, program, write, killed: false, result: null, committed: false });
  }

  get(id: TaskId): LiveTask | undefined {
    return this.#tasks.get(id);
  }

  remove(id: TaskId): void {
    this.#tasks.delete(id);
    for (const waiting of this.#waiting) {
      if (!waiting.isDone()) continue;
      this.#waiting.delete(waiting);
      waiting.resolve();
    }
  }

  /** It was told to stop. */
  kill(id: TaskId): void {
    const task = this.#tasks.get(id);
    if (task !== undefined) task.killed = true;
  }

  /** All of them: these were not told before. */
  killAll(): readonly TaskLaunch[] {
    const running = [...this.#tasks.values()].filter((task) => !task.killed && task.result === null);
    for (const task of running) task.killed = true;
    return running.map((task) => task.launch);
  }

  of(executorId: ExecutorId): readonly LiveTask[] {
    return [...this.#tasks.values()].filter((task) => task.launch.executorId === executorId);
  }

  /** When nothing is left of the tasks of a job (`null`: of any) that were told to stop. */
  killedAreGone(job: JobId | null): Promise<void> {
    const isDone = () => {
      return [...this.#tasks.values()].every((task) => !task.killed || (job !== null && task.launch.jobId !== job));
    };
    return this.#until(isDone);
  }

  /** When it runs nothing any more. */
  idle(executorId: ExecutorId): Promise<void> {
    return this.#until(() => this.of(executorId).length === 0);
  }

  #until(isDone: () => boolean): Promise<void> {
    if (isDone()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.add({ isDone, resolve }));
  }
}
