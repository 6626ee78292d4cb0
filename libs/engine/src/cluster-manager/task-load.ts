import type { EngineEvent } from '@kiln/contracts/listener';

interface OpenSet {
  readonly tasks: number;
  readonly done: Set<number>;
  /** Attempts that run, by partition. */
  readonly running: Map<number, number>;
}

type EventOf<Type extends EngineEvent['type']> = Extract<EngineEvent, { type: Type }>;

/** How many tasks wait and run, counted from events as they are told to listeners. */
export class TaskLoad {
  readonly #sets = new Map<string, OpenSet>();
  /** Sets of which a task can run on no executor there is. */
  readonly #unschedulable = new Set<string>();
  #waiting = 0;
  #running = 0;

  get waiting(): number {
    return this.#waiting;
  }

  get running(): number {
    return this.#running;
  }

  get unschedulable(): number {
    return this.#unschedulable.size;
  }

  submitted({ stage, attempt, tasks }: EventOf<'stage-submitted'>): void {
    this.#sets.set(`${stage.stageId}.${attempt}`, { tasks, done: new Set(), running: new Map() });
    this.#waiting += tasks;
  }

  started({ task }: EventOf<'task-started'>): void {
    this.#running++;
    const set = this.#setOf(task);
    if (set === undefined) return;
    this.#unschedulable.delete(`${task.stageId}.${task.stageAttempt}`);
    const attempts = set.running.get(task.partition) ?? 0;
    if (attempts === 0 && !set.done.has(task.partition)) this.#waiting--;
    set.running.set(task.partition, attempts + 1);
  }

  ended({ task, outcome }: EventOf<'task-ended'>): void {
    this.#running--;
    const set = this.#setOf(task);
    if (set === undefined) return;
    const attempts = (set.running.get(task.partition) ?? 1) - 1;
    if (attempts > 0) set.running.set(task.partition, attempts);
    else set.running.delete(task.partition);
    if (outcome === 'succeeded') set.done.add(task.partition);
    else if (attempts === 0 && !set.done.has(task.partition)) this.#waiting++;
  }

  completed({ stage, attempt }: EventOf<'stage-completed'>): void {
    const key = `${stage.stageId}.${attempt}`;
    const set = this.#sets.get(key);
    this.#unschedulable.delete(key);
    if (set === undefined) return;
    this.#sets.delete(key);
    const begun = new Set([...set.done, ...set.running.keys()]).size;
    this.#waiting -= set.tasks - begun;
  }

  wanted(stageId: number, stageAttempt: number): void {
    const key = `${stageId}.${stageAttempt}`;
    if (this.#sets.has(key)) this.#unschedulable.add(key);
  }

  #setOf({ stageId, stageAttempt }: { readonly stageId: number; readonly stageAttempt: number }): OpenSet | undefined {
    return this.#sets.get(`${stageId}.${stageAttempt}`);
  }
}
