import type { ExecutorId } from '@kiln/base';
import type { EngineEvent } from '@kiln/contracts/listener';
import type { AllocationOptions } from './allocation-options.ts';
import { ExecutorWatch } from './executor-watch.ts';
import { TaskLoad } from './task-load.ts';

/** What listeners hear, and what only the driver knows. */
export type AllocationEvent =
  | EngineEvent
  /** A task of this set can run on no executor there is. */
  | { readonly type: 'executor-wanted'; readonly stageId: number; readonly stageAttempt: number }
  | { readonly type: 'tick' };

export type AllocationAction =
  | { readonly type: 'request-total'; readonly total: number }
  | { readonly type: 'release'; readonly executors: readonly ExecutorId[] }
  /** Step with `tick` at this time (ms); the earliest counts. */
  | { readonly type: 'wake'; readonly at: number };

/** Decisions are made at most so often, as Spark's. */
const roundMillis = 100;

/**
 * How many executors there should be (Spark's `ExecutorAllocationManager`): while tasks wait longer than the backlog timeout 1, 2, 4, 8...
 * more are asked for, at most as many as all tasks could use; fewer are asked for as soon as fewer are needed; idle ones are given back.
 *
 * Pure, as the schedulers. Stepped once per event.
 */
export class ExecutorAllocation {
  readonly #options: AllocationOptions;
  readonly #load = new TaskLoad();
  readonly #watch: ExecutorWatch;
  #target: number;
  /** How many to add next. */
  #step = 1;
  /** When to add; `null`: no task waits. */
  #addAt: number | null = null;
  /** No stage has run and no executor was idle for long: what was asked for at the start stands. */
  #isStarting = true;
  #wakeAt: number | null = null;
  #actions: AllocationAction[] = [];

  constructor(options: AllocationOptions) {
    this.#options = options;
    this.#target = options.initialExecutors;
    this.#watch = new ExecutorWatch(options);
  }

  /** Executors that were asked for. */
  get target(): number {
    return this.#target;
  }

  step(event: AllocationEvent, now: number): readonly AllocationAction[] {
    this.#actions = [];
    if (event.type === 'tick') this.#round(now);
    else this.#hear(event, now);
    return this.#actions;
  }

  #hear(event: Exclude<AllocationEvent, { type: 'tick' }>, now: number): void {
    const { waiting } = this.#load;
    switch (event.type) {
      case 'stage-submitted':
        this.#isStarting = false;
        this.#load.submitted(event);
        break;
      case 'task-started':
        this.#load.started(event);
        break;
      case 'task-ended':
        this.#load.ended(event);
        break;
      case 'stage-completed':
        this.#load.completed(event);
        break;
      case 'executor-wanted':
        this.#load.wanted(event.stageId, event.stageAttempt);
        break;
      default:
        break;
    }
    const concernsExecutors = this.#watch.hear(event, now);
    if (this.#load.waiting === 0) this.#addAt = null;
    else this.#addAt ??= now + this.#options.backlogMillis;
    if (concernsExecutors || this.#load.waiting !== waiting || event.type === 'executor-wanted')
      this.#wake(now + roundMillis);
  }

  #round(now: number): void {
    this.#wakeAt = null;
    const idle = this.#watch.idle(now);
    if (idle.length > 0) this.#isStarting = false;
    if (!this.#isStarting) this.#setTarget(now);
    this.#release(idle);
    if (this.#addAt !== null) this.#wake(Math.max(this.#addAt, now + roundMillis));
    this.#wake(this.#watch.nextIdle(now));
  }

  #setTarget(now: number): void {
    const needed = this.#needed();
    const { minExecutors, maxExecutors, sustainedBacklogMillis } = this.#options;
    if (needed < this.#target) {
      this.#step = 1;
      return this.#ask(Math.max(needed, minExecutors));
    }
    if (this.#addAt === null || now < this.#addAt) return;
    this.#addAt = now + sustainedBacklogMillis;
    // Executors that are there beyond the target count: they came before it fell.
    const before = this.#target;
    const from = Math.max(before, Math.min(needed, this.#watch.count));
    this.#ask(Math.max(minExecutors, Math.min(from + this.#step, needed, maxExecutors)));
    this.#step = this.#target - before === this.#step ? this.#step * 2 : 1;
  }

  #needed(): number {
    const { ratio, slotsPerExecutor } = this.#options;
    const { waiting, running, unschedulable } = this.#load;
    const needed = Math.ceil(((waiting + running) * ratio) / slotsPerExecutor);
    return unschedulable === 0
      ? needed
      : Math.max(needed, this.#watch.count) + Math.ceil((unschedulable * ratio) / slotsPerExecutor);
  }

  #ask(total: number): void {
    if (total === this.#target) return;
    this.#target = total;
    this.#actions.push({ type: 'request-total', total });
  }

  /** Never below what is asked for: the cluster would start others at once. */
  #release(idle: readonly ExecutorId[]): void {
    const spare = this.#watch.count - Math.max(this.#target, this.#options.minExecutors);
    const executors = idle.slice(0, Math.max(0, spare));
    if (executors.length === 0) return;
    this.#watch.leave(executors);
    this.#actions.push({ type: 'release', executors });
  }

  #wake(at: number | null): void {
    if (at === null || (this.#wakeAt !== null && this.#wakeAt <= at)) return;
    this.#wakeAt = at;
    this.#actions.push({ type: 'wake', at });
  }
}
