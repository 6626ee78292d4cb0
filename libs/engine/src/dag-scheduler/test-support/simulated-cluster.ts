import { type ExecutorId, executorId, type TaskId } from '@kiln/base';
import type { TaskFailure } from '@kiln/contracts/executor';
import type { TaskLaunch } from '@kiln/contracts/task-scheduler';

/** What a task reads: for every map stage it depends on, where its outputs were said to be when it was launched. */
export interface Inputs {
  readonly locations: readonly {
    readonly shuffleId: number;
    readonly map: number;
    readonly executorId: ExecutorId | null;
  }[];
  /** Values of subqueries inside the program. */
  readonly values: readonly Versions[];
}

/** Which attempt of every task of an indeterminate stage some data come from; `mixed` when from two attempts of one. */
export type Versions = ReadonlyMap<string, number> | 'mixed';

export type Outcome =
  | { readonly type: 'succeeded'; readonly data: Versions }
  | { readonly type: 'failed'; readonly failure: TaskFailure }
  | { readonly type: 'killed' };

interface SimulatedTask {
  readonly launch: TaskLaunch;
  readonly inputs: Inputs;
  readonly endsAt: number;
  readonly fails: boolean;
  isKilled: boolean;
}

interface SimulatedExecutor {
  readonly host: string;
  readonly slots: number;
  readonly tasks: Map<TaskId, SimulatedTask>;
  readonly blocks: Map<string, Versions>;
}

/** Executors that run tasks for a while, hold map outputs, and die. It checks that no executor gets more tasks than it has slots. */
export class SimulatedCluster {
  readonly #executors = new Map<ExecutorId, SimulatedExecutor>();
  readonly #dead = new Set<ExecutorId>();
  readonly #isIndeterminate: (stage: number) => boolean;
  #next = 0;

  constructor(isIndeterminate: (stage: number) => boolean) {
    this.#isIndeterminate = isIndeterminate;
  }

  get executors(): readonly ExecutorId[] {
    return [...this.#executors.keys()];
  }

  add(slots: number): { readonly id: ExecutorId; readonly host: string } {
    const id = executorId(`e${this.#next}`);
    const host = `h${this.#next++ % 3}`;
    this.#executors.set(id, { host, slots, tasks: new Map(), blocks: new Map() });
    return { id, host };
  }

  /** It is gone, but nobody knows: what is launched there is never heard of. */
  die(id: ExecutorId): void {
    if (this.#executors.delete(id)) this.#dead.add(id);
  }

  /** From now on nothing may be launched there. */
  noticeDeath(id: ExecutorId): void {
    this.#dead.delete(id);
  }

  /** A disk loses one output; nobody knows until it is fetched. */
  loseBlock(pick: (count: number) => number): void {
    const holders = [...this.#executors.values()].filter(({ blocks }) => blocks.size > 0);
    const holder = holders[pick(holders.length)];
    if (holder === undefined) return;
    const key = [...holder.blocks.keys()][pick(holder.blocks.size)];
    if (key !== undefined) holder.blocks.delete(key);
  }

  launch(launch: TaskLaunch, inputs: Inputs, endsAt: number, fails: boolean): void {
    if (this.#dead.has(launch.executorId)) return;
    const executor = this.#executors.get(launch.executorId);
    if (executor === undefined)
      throw new Error(`Task ${launch.taskId} was launched on ${launch.executorId}, which is gone`);
    executor.tasks.set(launch.taskId, { launch, inputs, endsAt, fails, isKilled: false });
    if (executor.tasks.size > executor.slots)
      throw new Error(`${executor.tasks.size} tasks on the ${executor.slots} slots of ${launch.executorId}`);
  }

  kill(id: ExecutorId, task: TaskId): void {
    const running = this.#executors.get(id)?.tasks.get(task);
    if (running !== undefined) running.isKilled = true;
  }

  nextEnd(): number {
    return Math.min(...[...this.#running()].map((task) => (task.isKilled ? 0 : task.endsAt)));
  }

  /** Ends one task that is due by then. */
  endOne(now: number): { readonly launch: TaskLaunch; readonly outcome: Outcome } | undefined {
    for (const task of this.#running()) {
      if (!task.isKilled && task.endsAt > now) continue;
      const executor = this.#executors.get(task.launch.executorId);
      const outcome = this.#outcome(task);
      executor?.tasks.delete(task.launch.taskId);
      return { launch: task.launch, outcome };
    }
    return undefined;
  }

  store(id: ExecutorId, shuffleId: number, map: number, data: Versions): void {
    this.#executors.get(id)?.blocks.set(`${shuffleId}/${map}`, data);
  }

  dropShuffle(shuffleId: number): void {
    for (const { blocks } of this.#executors.values()) {
      for (const key of blocks.keys()) if (key.startsWith(`${shuffleId}/`)) blocks.delete(key);
    }
  }

  *#running(): Generator<SimulatedTask> {
    for (const { tasks } of this.#executors.values()) yield* tasks.values();
  }

  #outcome({ launch, inputs, fails, isKilled }: SimulatedTask): Outcome {
    if (isKilled) return { type: 'killed' };
    let data: Versions = inputs.values.reduce(merge, new Map());
    for (const { shuffleId, map, executorId: holder } of inputs.locations) {
      const block = holder === null ? undefined : this.#executors.get(holder)?.blocks.get(`${shuffleId}/${map}`);
      if (block === undefined)
        return { type: 'failed', failure: fetchFailed(shuffleId, map, launch.partition, holder ?? '') };
      data = merge(data, block);
    }
    if (fails)
      return { type: 'failed', failure: { kind: 'user', class: 'Boom', message: 'boom', causes: [], fetch: null } };
    const own = this.#isIndeterminate(launch.stageId)
      ? new Map([[`${launch.stageId}/${launch.partition}`, launch.taskId]])
      : new Map();
    return { type: 'succeeded', data: merge(data, own) };
  }
}

export function merge(a: Versions, b: Versions): Versions {
  if (a === 'mixed' || b === 'mixed') return 'mixed';
  const merged = new Map(a);
  for (const [task, attempt] of b) {
    if ((merged.get(task) ?? attempt) !== attempt) return 'mixed';
    merged.set(task, attempt);
  }
  return merged;
}

function fetchFailed(shuffleId: number, map: number, reduce: number, holder: string): TaskFailure {
  const fetch = { shuffleId, map, reduce, executorId: holder, cause: 'missing' as const };
  return {
    kind: 'fetch-failed',
    class: 'FetchFailed',
    message: `map ${map} of shuffle ${shuffleId}`,
    causes: [],
    fetch,
  };
}
