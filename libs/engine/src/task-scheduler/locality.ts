import type { Locality } from '@kiln/contracts/listener';
import type { PendingTasks } from './pending-tasks.ts';

/** Best first; comparable. */
export const levels = { process: 0, node: 1, noPref: 2, rack: 3, any: 4 } as const;
export type Level = (typeof levels)[keyof typeof levels];
export const allLevels: readonly Level[] = [levels.process, levels.node, levels.noPref, levels.rack, levels.any];
const names = ['process-local', 'node-local', 'no-pref', 'rack-local', 'any'] as const;

/** Milliseconds to wait at each level before the next is allowed. */
export type LevelWaits = readonly [number, number, number, number, number];

export function localityName(level: Level): Locality {
  return names[level];
}

/**
 * Spark's delay scheduling for one task set: which level a free slot may be used at. A level is left when it has no pending task or
 * when its wait is over since the timer was set; the timer is set anew when an offer was used up (SPARK-18886).
 */
export class DelaySchedule {
  readonly #waits: LevelWaits;
  readonly #pending: PendingTasks;
  /** Levels that make sense with the executors there are; `any` is always the last. */
  #valid: readonly Level[] = [levels.any];
  /** Invariant: 0 <= position < valid.length. */
  #position = 0;
  #since: number;
  /** No offer was turned down because of locality since the timer was set. */
  noRejects = true;

  constructor(waits: LevelWaits, pending: PendingTasks, now: number) {
    this.#waits = waits;
    this.#pending = pending;
    this.#since = now;
    this.#valid = this.#compute();
  }

  get valid(): readonly Level[] {
    return this.#valid;
  }

  /** The farthest level allowed now. */
  allowed(now: number): Level {
    while (this.#position < this.#valid.length - 1) {
      const level = this.#valid[this.#position] ?? levels.any;
      const wait = this.#waits[level];
      if (!this.#pending.hasAt(level)) this.#since = now;
      else if (now - this.#since >= wait) this.#since += wait;
      else return level;
      this.#position++;
    }
    return levels.any;
  }

  /** When the next level will be allowed; `null`: all are. */
  nextChange(now: number): number | null {
    const level = this.allowed(now);
    return level === levels.any ? null : this.#since + this.#waits[level];
  }

  /** An offer was used up, the best task at `level`: start again from there. */
  reset(level: Level, now: number): void {
    this.#since = now;
    this.noRejects = true;
    this.#position = this.#positionOf(level);
  }

  /** Executors came or went. A better level that is new is worth waiting for from now on. */
  recompute(now: number): void {
    const before = this.#valid;
    const level = before[this.#position] ?? levels.any;
    this.#valid = this.#compute();
    const better = this.#valid.find((candidate) => candidate < level && !before.includes(candidate));
    this.#position = this.#positionOf(better ?? level);
    if (better !== undefined) this.#since = now;
  }

  #compute(): readonly Level[] {
    return allLevels.filter((level) => level === levels.any || this.#pending.hasAt(level));
  }

  #positionOf(level: Level): number {
    const position = this.#valid.findIndex((candidate) => candidate >= level);
    return position === -1 ? this.#valid.length - 1 : position;
  }
}
