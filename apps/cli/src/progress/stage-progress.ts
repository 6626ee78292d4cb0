import type { EngineEvent, StageInfo } from '@kiln/contracts';

/** A stage attempt as far as it is. */
export interface StageState {
  readonly info: StageInfo;
  readonly attempt: number;
  readonly tasks: number;
  readonly startedAt: number;
  done: number;
  running: number;
  failed: number;
  bytesRead: number;
  bytesShuffled: number;
}

/** Sums over all jobs so far. */
export interface Totals {
  readonly jobs: number;
  readonly stages: number;
  readonly skipped: number;
  /** Attempts that made lost outputs again. */
  readonly repeated: number;
  readonly tasks: number;
  readonly failedTasks: number;
  readonly bytesRead: number;
  readonly bytesShuffled: number;
  readonly bytesSpilled: number;
  /** That ran tasks. */
  readonly executors: number;
  readonly lostExecutors: number;
}

/** What a bar or a line is made of; fed with the engine's events. */
export class StageProgress {
  readonly #stages = new Map<number, StageState>();
  readonly #done = new Set<string>();
  readonly #executors = new Set<string>();
  #totals: Totals = {
    jobs: 0,
    stages: 0,
    skipped: 0,
    repeated: 0,
    tasks: 0,
    failedTasks: 0,
    bytesRead: 0,
    bytesShuffled: 0,
    bytesSpilled: 0,
    executors: 0,
    lostExecutors: 0,
  };

  /** Stages that run now, oldest first. */
  get running(): readonly StageState[] {
    return [...this.#stages.values()];
  }

  get totals(): Totals {
    return this.#totals;
  }

  /** Takes an event in; the stage it ended, if it did. */
  apply(event: EngineEvent): StageState | undefined {
    switch (event.type) {
      case 'job-started':
        this.#add({ jobs: 1 });
        break;
      case 'stage-submitted':
        this.#stages.set(event.stage.stageId, newStage(event));
        if (event.attempt > 0) this.#add({ repeated: 1 });
        break;
      case 'stage-skipped':
        this.#add({ skipped: 1 });
        break;
      case 'task-started': {
        const stage = this.#stages.get(event.task.stageId);
        if (stage) stage.running++;
        if (!this.#executors.has(event.task.executorId)) this.#add({ executors: 1 });
        this.#executors.add(event.task.executorId);
        break;
      }
      case 'task-ended':
        this.#endTask(event);
        break;
      case 'executor-removed':
        if (this.#executors.has(event.executorId)) this.#add({ lostExecutors: 1 });
        break;
      case 'stage-completed': {
        const stage = this.#stages.get(event.stage.stageId);
        this.#stages.delete(event.stage.stageId);
        if (event.outcome === 'succeeded') this.#add({ stages: 1 });
        return stage;
      }
    }
    return undefined;
  }

  #endTask({ task, outcome, metrics }: Extract<EngineEvent, { type: 'task-ended' }>): void {
    const stage = this.#stages.get(task.stageId);
    if (stage) stage.running--;
    this.#add({ bytesSpilled: metrics.diskBytesSpilled });
    if (outcome === 'failed') {
      this.#add({ failedTasks: 1 });
      if (stage) stage.failed++;
    }
    if (outcome !== 'succeeded') return;
    // The second copy of a speculated task does not count twice.
    const key = `${task.stageId}/${task.stageAttempt}/${task.partition}`;
    if (this.#done.has(key)) return;
    this.#done.add(key);
    this.#add({ tasks: 1, bytesRead: metrics.inputBytes, bytesShuffled: metrics.shuffleWriteBytes });
    if (!stage) return;
    stage.done++;
    stage.bytesRead += metrics.inputBytes;
    stage.bytesShuffled += metrics.shuffleWriteBytes;
  }

  #add(more: Partial<Totals>): void {
    const sums = Object.entries(more).map(([key, value]) => [key, this.#totals[key as keyof Totals] + value]);
    this.#totals = { ...this.#totals, ...Object.fromEntries(sums) };
  }
}

function newStage({ stage, attempt, tasks, time }: Extract<EngineEvent, { type: 'stage-submitted' }>): StageState {
  return {
    info: stage,
    attempt,
    tasks,
    startedAt: time,
    done: 0,
    running: 0,
    failed: 0,
    bytesRead: 0,
    bytesShuffled: 0,
  };
}
