import type { StageId, TaskId } from '@kiln/base';
import type { TaskFailure } from '@kiln/contracts/executor';
import { EngineSettings, inject, injectable } from '@kiln/contracts/plugin';
import {
  SchedulingPolicy,
  SpeculationPolicy,
  type TaskScheduler,
  type TaskSchedulerAction,
  type TaskSchedulerEvent,
} from '@kiln/contracts/task-scheduler';
import { executorLost, fetchFailed, kill, launch, partitionDone, taskSetFailed } from './actions.ts';
import { ExecutorPool, type ExecutorState } from './executor-pool.ts';
import type { Handlers, Offer } from './handlers.ts';
import { type Launcher, offerRound } from './offers.ts';
import { makeRules, type Rules } from './rules.ts';
import { RunningTasks } from './running-tasks.ts';
import { SpeculationTimer } from './speculation-timer.ts';
import { type RunningTask, TaskSetState } from './state.ts';
import { TaskSetQueue } from './task-set-queue.ts';
import { RunningByPool } from './task-set-view.ts';
import { TaskSets } from './task-sets.ts';

/** All state of the scheduler and one handler per event; `step` runs a handler, then a round of offers. */
@injectable()
export class DefaultTaskScheduler implements TaskScheduler {
  readonly #settings: EngineSettings;
  readonly #queue: TaskSetQueue;
  readonly #speculation: SpeculationTimer;
  readonly #sets = new TaskSets();
  readonly #executors = new ExecutorPool();
  readonly #tasks = new RunningTasks(this.#executors);
  readonly #pools = new RunningByPool();
  /** The wake-up that was asked for and has not come. */
  #wakeAt: number | null = null;
  #madeRules: Rules | undefined;

  // Of the step that runs.
  #now = 0;
  #actions: TaskSchedulerAction[] = [];

  constructor(
    @inject(SchedulingPolicy) policy: SchedulingPolicy,
    @inject(SpeculationPolicy) speculation: SpeculationPolicy,
    @inject(EngineSettings) settings: EngineSettings,
  ) {
    this.#settings = settings;
    this.#queue = new TaskSetQueue(policy);
    this.#speculation = new SpeculationTimer(speculation);
  }

  /** Settings are not read in the constructor: the master may set some after all parts are made. */
  get #rules(): Rules {
    this.#madeRules ??= makeRules(this.#settings, this.#executors);
    return this.#madeRules;
  }

  step(event: TaskSchedulerEvent, now: number): readonly TaskSchedulerAction[] {
    this.#now = now;
    this.#actions = [];
    const handler = this.#handlers[event.type] as (event: TaskSchedulerEvent) => Offer;
    this.#round(handler(event));
    this.#lookForStuckSets();
    return this.#actions;
  }

  readonly #handlers: Handlers = {
    'task-set-submitted': ({ taskSet }) => {
      const { options, exclusions } = this.#rules;
      const set = new TaskSetState(taskSet, {
        executors: this.#executors,
        waits: options.waits,
        exclusion: exclusions.forSet(),
        pools: this.#pools,
        now: this.#now,
      });
      this.#sets.add(set);
      this.#changed(set);
      return 'all';
    },
    'executor-added': (added) => {
      const executor = this.#executors.add(added, this.#rules.options.cpus);
      if (executor === undefined) return 'none';
      for (const set of this.#sets.all()) {
        set.pendingTasks.executorAdded(executor);
        set.delay.recompute(this.#now);
      }
      return executor;
    },
    'executor-decommissioned': ({ executorId, endsAt }) => {
      const executor = this.#executors.decommission(executorId, endsAt);
      return executor === undefined ? 'none' : this.#left(executor);
    },
    'executor-removed': ({ executorId, reason, causedByApp }) => {
      const executor = this.#executors.remove(executorId);
      if (executor === undefined) return 'none';
      const failure = causedByApp && !executor.isDecommissioned ? executorLost(executorId, reason) : null;
      for (const task of [...executor.running]) this.#endedWithout(task, failure);
      return this.#left(executor);
    },
    'task-succeeded': ({ taskId }) => this.#ifRunning(taskId, (task) => this.#succeeded(task)),
    'task-failed': ({ taskId, failure }) => this.#ifRunning(taskId, (task) => this.#endedWithout(task, failure)),
    'task-killed': ({ taskId }) => this.#ifRunning(taskId, (task) => this.#endedWithout(task, null)),
    'stage-cancelled': ({ stageId, stageAttempt, reason }) => {
      const set = this.#sets.find(stageId, stageAttempt);
      if (set === undefined) this.#ended(stageId, stageAttempt);
      else if (set.move('cancelled')) {
        for (const task of set.runningTasks()) this.#actions.push(kill(task, reason));
        this.#changed(set);
      }
      return 'none';
    },
    tick: () => {
      this.#wakeAt = null;
      for (const taskId of this.#speculation.look(this.#sets.all(), this.#executors, this.#now)) {
        const task = this.#tasks.get(taskId);
        if (task === undefined || task.speculative) continue;
        task.set.copies.want(task);
        this.#queue.update(task.set);
      }
      return 'all';
    },
  };

  readonly #launcher: Launcher = {
    launch: (set, index, executor, level) => {
      this.#actions.push(launch(this.#tasks.start(set, index, executor, this.#now, false), level));
    },
    copy: ({ set, index }, executor) => {
      const level = set.pendingTasks.levelOf(index, executor);
      this.#actions.push(launch(this.#tasks.start(set, index, executor, this.#now, true), level));
    },
    offered: (set) => this.#queue.update(set),
  };

  #round(offer: Offer): void {
    const { free } = this.#executors;
    const sets = offer === 'none' || free === 0 ? [] : this.#queue.ordered();
    if (sets.length > 0) {
      const executors = offer === 'all' || offer === 'none' ? this.#executors.offers() : [offer];
      const isAllFree = typeof offer === 'string' || offer.free === free;
      const { exclusions } = this.#rules;
      const round = { executors, isAllFree, exclusions, now: this.#now, launcher: this.#launcher };
      this.#wake(offerRound(sets, round));
    }
    this.#wake(this.#tasks.size === 0 ? null : this.#speculation.next(this.#now));
  }

  /** Nothing waits for ever without a word. */
  #lookForStuckSets(): void {
    const { stuck, exclusions } = this.#rules;
    if (!stuck.mayFind) return;
    const sets = this.#queue.members;
    if (sets.length === 0) return;
    const hasLaunched = this.#actions.some(({ type }) => type === 'launch');
    const { actions, wake } = stuck.look({ sets, hasLaunched, now: this.#now });
    this.#actions.push(...actions);
    this.#wake(wake);
    this.#wake(exclusions.expire(this.#now));
    for (const set of sets) if (set.phase === 'failed') this.#changed(set);
  }

  /** No task is given to that executor any more. */
  #left(executor: ExecutorState): Offer {
    for (const set of this.#sets.all()) {
      set.pendingTasks.executorRemoved(executor);
      set.delay.recompute(this.#now);
    }
    return 'all';
  }

  /** A status of a task that is not known, or whose end was reported before, changes nothing. */
  #ifRunning(id: TaskId, handle: (task: RunningTask) => Offer): Offer {
    const task = this.#tasks.get(id);
    return task === undefined ? 'none' : handle(task);
  }

  #succeeded(task: RunningTask): Offer {
    const { set, index } = task;
    this.#tasks.stop(task);
    if (!set.isDone(index) && (set.phase === 'active' || set.phase === 'zombie')) {
      this.#actions.push(partitionDone(task));
      if (this.#speculation.isOn) set.finishedMillis.push(this.#now - task.startedAt);
      this.#done(set, index);
      for (const sibling of this.#sets.siblings(set)) this.#doneElsewhere(sibling, set.partitionOf(index));
      if (set.remaining === 0) this.#actions.push(...this.#rules.exclusions.setSucceeded(set, this.#now));
    }
    this.#changed(set);
    return task.executor;
  }

  /** An attempt ended and left nothing: by `failure`, or (`null`) in a way that does not count. */
  #endedWithout(task: RunningTask, failure: TaskFailure | null): Offer {
    const { set, index } = task;
    this.#tasks.stop(task);
    const { pending } = set;
    if (!set.isDone(index)) {
      if (failure?.kind === 'fetch-failed') this.#blockLost(set, index, failure);
      else if (failure !== null && set.phase === 'active') this.#failed(task, failure);
      set.retry(index);
    }
    this.#changed(set);
    // Other executors may have slots that nobody wanted before.
    return set.pending > pending ? 'all' : task.executor;
  }

  #blockLost(set: TaskSetState, index: number, failure: TaskFailure): void {
    set.move('block-lost');
    if (set.phase === 'zombie') this.#actions.push(fetchFailed(set, index, failure));
    this.#actions.push(...this.#rules.exclusions.blockLost(failure, this.#executors, this.#now));
  }

  #failed(task: RunningTask, failure: TaskFailure): void {
    const { set, index } = task;
    this.#actions.push(...this.#rules.exclusions.taskFailed(task));
    const { first, count } = set.failed(index, failure);
    if (count < this.#rules.options.maxFailures || !set.move('failed-too-often')) return;
    this.#actions.push(taskSetFailed(set, index, first, failure, count));
  }

  #done(set: TaskSetState, index: number): void {
    set.done(index);
    for (const other of set.attemptsOf(index)) this.#actions.push(kill(other, 'another attempt succeeded'));
  }

  /** Another attempt of the stage made that partition. */
  #doneElsewhere(set: TaskSetState, partition: number): void {
    const index = set.indexOf(partition);
    if (index === undefined || set.isDone(index) || set.phase === 'cancelled') return;
    this.#done(set, index);
    this.#changed(set);
  }

  /** After every change of a set: it may want slots, or be over. */
  #changed(set: TaskSetState): void {
    this.#queue.update(set);
    if (set.isOver && this.#sets.remove(set)) this.#ended(set.taskSet.stageId, set.taskSet.stageAttempt);
  }

  #ended(stageId: StageId, stageAttempt: number): void {
    this.#actions.push({ type: 'task-set-ended', stageId, stageAttempt });
  }

  #wake(at: number | null): void {
    if (at === null || (this.#wakeAt !== null && this.#wakeAt <= at)) return;
    this.#wakeAt = at;
    this.#actions.push({ type: 'wake', at });
  }
}
