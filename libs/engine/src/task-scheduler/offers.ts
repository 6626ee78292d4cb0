import type { ExecutorState } from './executor-pool.ts';
import { type Level, levels } from './locality.ts';
import type { RunningTask, TaskSetState } from './state.ts';

/** What a round does with a task it gave a slot to. */
export interface Launcher {
  launch(set: TaskSetState, index: number, executor: ExecutorState, level: Level): void;
  copy(task: RunningTask, executor: ExecutorState): void;
  /** All that this set takes in this round is launched. */
  offered(set: TaskSetState): void;
}

/**
 * Spark's round of offers: the sets in their order; for each, the levels from best to farthest; at each level one task per executor in
 * turn until none takes any more. Returns when a set that turned slots down may take them, `null` when there is none.
 */
export function offerRound(
  sets: readonly TaskSetState[],
  executors: readonly ExecutorState[],
  isAllFree: boolean,
  now: number,
  launcher: Launcher,
): number | null {
  let free = executors.reduce((sum, executor) => sum + executor.free, 0);
  let wake: number | null = null;
  for (const set of sets) {
    if (free === 0) break;
    const { launched, best } = offerTasks(set, executors, free, now, launcher);
    free -= launched;
    if (free > 0 && set.pending > 0) {
      set.delay.noRejects = false;
      const change = set.delay.nextChange(now);
      if (change !== null && (wake === null || change < wake)) wake = change;
    } else if (launched > 0 && (isAllFree || set.delay.noRejects)) {
      set.delay.reset(best, now);
    }
    if (free > 0 && set.copies.waiting > 0) free -= offerCopies(set, executors, launcher);
    launcher.offered(set);
  }
  return wake;
}

function offerTasks(
  set: TaskSetState,
  executors: readonly ExecutorState[],
  free: number,
  now: number,
  launcher: Launcher,
): { launched: number; best: Level } {
  const round = { launched: 0, best: levels.any as Level };
  for (const level of set.delay.valid) {
    let before = -1;
    while (round.launched !== before && round.launched < free && set.pending > 0) {
      before = round.launched;
      for (const executor of executors) {
        if (executor.free > 0) offerSlot(set, executor, level, now, launcher, round);
      }
    }
  }
  return round;
}

function offerSlot(
  set: TaskSetState,
  executor: ExecutorState,
  level: Level,
  now: number,
  launcher: Launcher,
  round: { launched: number; best: Level },
): void {
  const limit = Math.min(set.delay.allowed(now), level) as Level;
  const taken = set.pendingTasks.take(executor.id, executor.host, limit, level >= levels.noPref);
  if (taken === undefined) return;
  launcher.launch(set, taken.index, executor, taken.level);
  round.launched++;
  if (taken.level < round.best) round.best = taken.level;
}

/** Copies run wherever a slot is free but on the host of the first; they wait for no locality. */
function offerCopies(set: TaskSetState, executors: readonly ExecutorState[], launcher: Launcher): number {
  let launched = 0;
  for (const executor of executors) {
    while (executor.free > 0) {
      const task = set.copies.take(executor.host);
      if (task === undefined) break;
      launcher.copy(task, executor);
      launched++;
    }
  }
  return launched;
}
