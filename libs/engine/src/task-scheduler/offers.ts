import type { Exclusions } from './exclusions.ts';
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

export interface Round {
  readonly executors: readonly ExecutorState[];
  /** All slots that are free are offered. */
  readonly isAllFree: boolean;
  readonly exclusions: Exclusions;
  readonly now: number;
  readonly launcher: Launcher;
}

/**
 * Spark's round of offers: the sets in their order; for each, the levels from best to farthest; at each level one task per executor in
 * turn until none takes any more. Returns when a set that turned slots down may take them, `null` when there is none.
 */
export function offerRound(sets: readonly TaskSetState[], round: Round): number | null {
  const { executors, isAllFree, now, launcher } = round;
  let free = executors.reduce((sum, executor) => sum + executor.free, 0);
  let wake: number | null = null;
  for (const set of sets) {
    if (free === 0) break;
    const { launched, best } = offerTasks(set, free, round);
    free -= launched;
    if (free > 0 && set.pending > 0) {
      set.delay.noRejects = false;
      const change = set.delay.nextChange(now);
      if (change !== null && (wake === null || change < wake)) wake = change;
    } else if (launched > 0 && (isAllFree || set.delay.noRejects)) {
      set.delay.reset(best, now);
    }
    if (free > 0 && set.copies.waiting > 0) free -= offerCopies(set, round);
    launcher.offered(set);
  }
  return wake;
}

function offerTasks(set: TaskSetState, free: number, round: Round): { launched: number; best: Level } {
  const taken = { launched: 0, best: levels.any as Level };
  for (const level of set.delay.valid) {
    let before = -1;
    while (taken.launched !== before && taken.launched < free && set.pending > 0) {
      before = taken.launched;
      for (const executor of round.executors) {
        if (executor.free === 0 || round.exclusions.excludes(set.exclusion, executor)) continue;
        const launchedAt = offerSlot(set, executor, level, round);
        if (launchedAt === undefined) continue;
        taken.launched++;
        if (launchedAt < taken.best) taken.best = launchedAt;
      }
    }
  }
  return taken;
}

/** At which level a task was launched; `undefined`: none takes the slot. */
function offerSlot(set: TaskSetState, executor: ExecutorState, level: Level, round: Round): Level | undefined {
  const limit = Math.min(set.delay.allowed(round.now), level) as Level;
  const barred = round.exclusions.barred(set.exclusion, executor);
  const taken = set.pendingTasks.take(executor, limit, level >= levels.noPref, barred);
  if (taken === undefined) return undefined;
  round.launcher.launch(set, taken.index, executor, taken.level);
  return taken.level;
}

/** Copies run wherever a slot is free but on the host of the first; they wait for no locality. */
function offerCopies(set: TaskSetState, { executors, exclusions, launcher }: Round): number {
  let launched = 0;
  for (const executor of executors) {
    if (exclusions.excludes(set.exclusion, executor)) continue;
    const barred = exclusions.barred(set.exclusion, executor);
    while (executor.free > 0) {
      const task = set.copies.take(executor.host, barred);
      if (task === undefined) break;
      launcher.copy(task, executor);
      launched++;
    }
  }
  return launched;
}
