import type { EngineEvent, StageInfo, TaskInfo } from '@kiln/contracts';

export type EventOf<Type extends EngineEvent['type']> = Extract<EngineEvent, { type: Type }>;

/** What the events of a run tell, counted. */
export class RunLog {
  readonly events: EngineEvent[] = [];
  readonly #kinds = new Map<number, StageInfo['kind']>();

  add(event: EngineEvent): void {
    this.events.push(event);
    if (event.type === 'stage-submitted') this.#kinds.set(event.stage.stageId, event.stage.kind);
  }

  of<Type extends EngineEvent['type']>(type: Type): readonly EventOf<Type>[] {
    return this.events.filter((event): event is EventOf<Type> => event.type === type);
  }

  /** Of the stage that an event is about. */
  kindOf(event: EngineEvent): StageInfo['kind'] | undefined {
    if ('task' in event) return this.#kinds.get(event.task.stageId);
    return 'stage' in event ? event.stage.kind : undefined;
  }

  /** While a job runs; a session that ends loses its executors too. */
  get lostExecutors(): readonly string[] {
    return this.of('executor-removed').map((event) => event.executorId);
  }

  /** Map tasks that ran again though they had succeeded. */
  get mapsAgain(): number {
    const maps = this.#succeeded('shuffle-map');
    return maps.length - new Set(maps.map((event) => partitionOf(event.task))).size;
  }

  /** Map outputs that were on executors when those were lost. */
  get mapsLost(): number {
    const places = new Map<string, string>();
    let lost = 0;
    for (const event of this.events) {
      if (event.type === 'task-ended' && event.outcome === 'succeeded' && this.kindOf(event) === 'shuffle-map')
        places.set(partitionOf(event.task), event.task.executorId);
      if (event.type !== 'executor-removed') continue;
      for (const [partition, executor] of places) {
        if (executor !== event.executorId) continue;
        places.delete(partition);
        lost++;
      }
    }
    return lost;
  }

  /** Codes of the errors of tasks that failed, in order. */
  get taskErrors(): readonly string[] {
    return this.of('task-ended').flatMap((event) => (event.outcome === 'failed' ? [event.error?.code ?? 'none'] : []));
  }

  /** What is wrong with any run, however it was disturbed. */
  get violations(): readonly string[] {
    const ends = Map.groupBy(this.of('task-ended'), (event) => event.task.taskId);
    const started = new Set(this.of('task-started').map((event) => event.task.taskId));
    const results = Map.groupBy([...this.#succeeded('result'), ...this.#succeeded('write')], ({ task }) => {
      return `${task.jobId}/${partitionOf(task)}`;
    });
    const jobsEnded = new Set(this.of('job-ended').map((event) => event.jobId));
    return [
      ...[...started].filter((id) => !ends.has(id)).map((id) => `task ${id} never ended`),
      ...[...ends].filter(([id]) => !started.has(id)).map(([id]) => `task ${id} ended but never started`),
      ...[...ends].filter(([, events]) => events.length > 1).map(([id]) => `task ${id} ended more than once`),
      ...[...results]
        .filter(([, events]) => events.length > 1)
        .map(([partition]) => `result ${partition} was counted more than once`),
      ...this.of('job-started')
        .filter((event) => !jobsEnded.has(event.jobId))
        .map((event) => `job ${event.jobId} never ended`),
    ];
  }

  #succeeded(kind: StageInfo['kind']): readonly EventOf<'task-ended'>[] {
    return this.of('task-ended').filter((event) => event.outcome === 'succeeded' && this.kindOf(event) === kind);
  }
}

/** Stages are numbered through the application; one whose outputs are kept has its number in several jobs. */
function partitionOf({ stageId, partition }: TaskInfo): string {
  return `${stageId}/${partition}`;
}
