// @ts-check

/**
 * @import { SchedulingPolicy, TaskSetView } from '@kiln/contracts/task-scheduler'
 *
 * @typedef {object} DeadlineConfig
 * @property {Readonly<Record<string, number>>} [deadlines] Seconds that the task sets of a pool (`spark.scheduler.pool`) may take.
 * @property {number} [otherwise] Those of all other pools; 3600 when it is left out.
 */

/**
 * Earliest deadline first. A task set is due so many seconds after it was submitted as its pool says; of two that are due at the
 * same time, the older job goes first.
 *
 * @implements {SchedulingPolicy}
 */
export class DeadlinePolicy {
  name = 'deadline';
  /** Neither pending nor running tasks matter: Kiln asks only when there are other task sets than before. */
  stable = true;
  /** @type {DeadlineConfig} */
  #config;

  /** @param {DeadlineConfig} config */
  constructor(config) {
    this.#config = config;
  }

  /**
   * @param {readonly TaskSetView[]} sets
   * @returns {readonly TaskSetView[]}
   */
  order(sets) {
    return [...sets].sort((a, b) => this.#due(a) - this.#due(b) || a.jobId - b.jobId || a.stageId - b.stageId);
  }

  /** @param {TaskSetView} set */
  #due({ pool, submittedAt }) {
    const { deadlines = {}, otherwise = 3600 } = this.#config;
    return submittedAt + (deadlines[pool] ?? otherwise) * 1000;
  }
}
