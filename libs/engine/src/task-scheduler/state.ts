import type { TaskId } from '@kiln/base';
import type { TaskFailure } from '@kiln/contracts/executor';
import type { TaskSet, TaskSetView } from '@kiln/contracts/task-scheduler';
import type { SetExclusion } from './exclusion.ts';
import type { ExecutorState } from './executor-pool.ts';
import { DelaySchedule, type LevelWaits } from './locality.ts';
import { type LiveExecutors, PendingTasks } from './pending-tasks.ts';
import { SpeculativeCopies } from './speculative-copies.ts';
import { type RunningByPool, viewOf } from './task-set-view.ts';

/** One attempt of a task that an executor runs. */
export interface RunningTask {
  readonly taskId: TaskId;
  readonly set: TaskSetState;
  /** Into the set's tasks. */
  readonly index: number;
  readonly attempt: number;
  readonly executor: ExecutorState;
  readonly startedAt: number;
  readonly speculative: boolean;
}

/**
 * - `active`: launches what is pending;
 * - `zombie`: a block it needs is lost; launches nothing more, what runs may still finish;
 * - `failed`: a task failed too often; what runs is of no use, the DAG scheduler will cancel it;
 * - `completed`: every partition is done, copies may still run;
 * - `cancelled`: all is killed, nothing counts any more.
 */
export type Phase = 'active' | 'zombie' | 'failed' | 'completed' | 'cancelled';
export type PhaseEvent = 'block-lost' | 'failed-too-often' | 'all-done' | 'cancelled';

/** An event that is not listed changes nothing. A set in any phase is over when it launches nothing more and none of it runs. */
const transitions: Readonly<Record<Phase, Partial<Record<PhaseEvent, Phase>>>> = {
  active: { 'block-lost': 'zombie', 'failed-too-often': 'failed', 'all-done': 'completed', cancelled: 'cancelled' },
  zombie: { 'all-done': 'completed', cancelled: 'cancelled' },
  failed: { cancelled: 'cancelled' },
  completed: { cancelled: 'cancelled' },
  cancelled: {},
};

/** Of one task. Numbers, since a set may have hundreds of thousands of tasks. */
const statuses = { pending: 0, running: 1, done: 2 } as const;

interface Failures {
  readonly first: TaskFailure;
  count: number;
}

/** What a task set is given when it comes. */
export interface Surroundings {
  readonly executors: LiveExecutors;
  readonly waits: LevelWaits;
  readonly exclusion: SetExclusion | null;
  readonly pools: RunningByPool;
  readonly now: number;
}

/** A task set and where each of its tasks stands. */
export class TaskSetState {
  readonly taskSet: TaskSet;
  readonly view: TaskSetView;
  readonly delay: DelaySchedule;
  readonly copies: SpeculativeCopies;
  /** `null`: failures exclude nothing. */
  readonly exclusion: SetExclusion | null;
  /** Of finished tasks, ms; only kept for speculation. */
  readonly finishedMillis: number[] = [];
  readonly #pools: RunningByPool;
  readonly #pendingTasks: PendingTasks;
  readonly #status: Uint8Array;
  readonly #attempts: Uint32Array;
  /** By index: the running attempt; a second copy is in `#second`. */
  readonly #first: (RunningTask | undefined)[];
  readonly #second = new Map<number, RunningTask>();
  readonly #failures = new Map<number, Failures>();
  readonly #indexes = new Map<number, number>();
  #phase: Phase = 'active';
  #pending: number;
  #running = 0;
  #remaining: number;

  constructor(taskSet: TaskSet, { executors, waits, exclusion, pools, now }: Surroundings) {
    const { tasks } = taskSet;
    this.taskSet = taskSet;
    this.exclusion = exclusion;
    this.#pools = pools;
    this.#pending = tasks.length;
    this.#remaining = tasks.length;
    this.#status = new Uint8Array(tasks.length);
    this.#attempts = new Uint32Array(tasks.length);
    this.#first = new Array(tasks.length).fill(undefined);
    for (const [index, { partition }] of tasks.entries()) this.#indexes.set(partition, index);
    this.#pendingTasks = new PendingTasks(tasks, executors, (index) => this.#status[index] === statuses.pending);
    this.delay = new DelaySchedule(waits, this.#pendingTasks, now);
    this.copies = new SpeculativeCopies((task) => this.#mayCopy(task));
    this.view = viewOf(this, pools, now);
    if (tasks.length === 0) this.move('all-done');
  }

  get phase(): Phase {
    return this.#phase;
  }

  get pending(): number {
    return this.#phase === 'active' ? this.#pending : 0;
  }

  get running(): number {
    return this.#running;
  }

  get remaining(): number {
    return this.#remaining;
  }

  get wantsSlots(): boolean {
    return this.#phase === 'active' && (this.#pending > 0 || this.copies.waiting > 0);
  }

  /** Nothing of it runs or will run. */
  get isOver(): boolean {
    return this.#running === 0 && this.#phase !== 'active';
  }

  get pendingTasks(): PendingTasks {
    return this.#pendingTasks;
  }

  move(event: PhaseEvent): boolean {
    const next = transitions[this.#phase][event];
    if (next === undefined) return false;
    this.#phase = next;
    return true;
  }

  partitionOf(index: number): number {
    return this.taskSet.tasks[index]?.partition ?? -1;
  }

  indexOf(partition: number): number | undefined {
    return this.#indexes.get(partition);
  }

  /** A task that waits; `undefined`: none does. */
  get firstPending(): number | undefined {
    const index = this.#phase === 'active' ? this.#status.indexOf(statuses.pending) : -1;
    return index === -1 ? undefined : index;
  }

  isPending(index: number): boolean {
    return this.#status[index] === statuses.pending;
  }

  isDone(index: number): boolean {
    return this.#status[index] === statuses.done;
  }

  /** The number of the next attempt of that task. */
  nextAttempt(index: number): number {
    const attempt = this.#attempts[index] ?? 0;
    this.#attempts[index] = attempt + 1;
    return attempt;
  }

  started(task: RunningTask): void {
    this.#running++;
    this.#pools.add(this.taskSet.pool, 1);
    if (this.#first[task.index] !== undefined) {
      this.#second.set(task.index, task);
      return;
    }
    this.#first[task.index] = task;
    this.#status[task.index] = statuses.running;
    this.#pending--;
  }

  /** That attempt runs no more. */
  stopped(task: RunningTask): void {
    this.#running--;
    this.#pools.add(this.taskSet.pool, -1);
    if (this.#second.get(task.index) !== task) this.#first[task.index] = this.#second.get(task.index);
    this.#second.delete(task.index);
  }

  /** Back to the waiting tasks, unless it is done, another copy runs, or nothing more is launched. */
  retry(index: number): void {
    if (this.#phase !== 'active' || this.#status[index] !== statuses.running || this.#first[index] !== undefined)
      return;
    this.#status[index] = statuses.pending;
    this.#pending++;
    this.#pendingTasks.add(index);
  }

  done(index: number): void {
    if (this.#status[index] === statuses.pending) this.#pending--;
    this.#status[index] = statuses.done;
    this.#failures.delete(index);
    if (--this.#remaining === 0) this.move('all-done');
  }

  failed(index: number, failure: TaskFailure): { readonly first: TaskFailure; readonly count: number } {
    const failures = this.#failures.get(index) ?? { first: failure, count: 0 };
    failures.count++;
    this.#failures.set(index, failures);
    return failures;
  }

  /** Attempts of that task that run: one, or two when it was copied. */
  attemptsOf(index: number): readonly RunningTask[] {
    return [this.#first[index], this.#second.get(index)].filter((task) => task !== undefined);
  }

  *runningTasks(): Generator<RunningTask> {
    for (const task of this.#first) if (task !== undefined) yield task;
    yield* this.#second.values();
  }

  #mayCopy(task: RunningTask): boolean {
    return this.#first[task.index] === task && !this.#second.has(task.index) && !this.isDone(task.index);
  }
}
