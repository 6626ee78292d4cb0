import type { ErrorData } from '@kiln/base';
import type { LoggedEvent, LoggedEventOf, LoggedStage, LoggedTask, LogStarted } from './format.ts';
import type { LoggedMetrics } from './metrics-format.ts';
import { EventLogReader } from './reader.ts';

/** What an application did, from its log. Times are milliseconds since the epoch, `null`: not known (yet). */
export interface ApplicationHistory {
  readonly header: LogStarted;
  readonly appId: string;
  readonly name: string;
  readonly master: string;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  /** In the order in which they came. */
  readonly executors: readonly ExecutorHistory[];
  readonly jobs: readonly JobHistory[];
  /** All attempts, in the order in which they began. */
  readonly stages: readonly StageHistory[];
  /** The log ends before its application did. */
  readonly isCut: boolean;
}

export interface ExecutorHistory {
  readonly executorId: string;
  readonly host: string;
  readonly slots: number;
  readonly addedAt: number;
  removedAt: number | null;
  reason: string | null;
  tasks: number;
  failedTasks: number;
}

export interface JobHistory {
  readonly jobId: number;
  readonly description: string;
  readonly stages: readonly LoggedStage[];
  /** Whose outputs were there already. */
  readonly skipped: number[];
  readonly startedAt: number;
  endedAt: number | null;
  outcome: 'succeeded' | 'failed' | 'cancelled' | null;
  error: ErrorData | null;
}

/** One attempt of a stage. */
export interface StageHistory {
  readonly stage: LoggedStage;
  readonly attempt: number;
  readonly numTasks: number;
  readonly decisions: readonly string[];
  readonly startedAt: number;
  endedAt: number | null;
  outcome: 'succeeded' | 'failed' | 'cancelled' | null;
  reason: string | null;
  readonly tasks: TaskHistory[];
}

export interface TaskHistory {
  readonly task: LoggedTask;
  readonly startedAt: number;
  endedAt: number | null;
  outcome: 'succeeded' | 'failed' | 'killed' | null;
  error: ErrorData | null;
  /** `null` while it runs. */
  metrics: LoggedMetrics | null;
}

/** Reads a whole log. Errors: those of {@link EventLogReader}. */
export async function readHistory(path: string): Promise<ApplicationHistory> {
  const reader = await EventLogReader.open(path);
  const builder = new HistoryBuilder(reader.header);
  for await (const event of reader) builder.add(event);
  return builder.build(reader.isCut);
}

/** Puts events together; also those of an application that runs. */
export class HistoryBuilder {
  readonly #header: LogStarted;
  readonly #executors = new Map<string, ExecutorHistory>();
  readonly #jobs = new Map<number, JobHistory>();
  readonly #stages = new Map<string, StageHistory>();
  readonly #tasks = new Map<number, TaskHistory>();
  #application: LoggedEventOf<'engine-started'> | null = null;
  #endedAt: number | null = null;

  constructor(header: LogStarted) {
    this.#header = header;
  }

  /** Events that refer to what was never announced (of a log without its beginning) are passed over. */
  add(event: LoggedEvent): void {
    switch (event.type) {
      case 'engine-started':
        this.#application = event;
        break;
      case 'engine-stopped':
        this.#endedAt = event.time;
        break;
      case 'executor-added': {
        const { executorId, host, slots, time } = event;
        const none = { removedAt: null, reason: null, tasks: 0, failedTasks: 0 };
        this.#executors.set(executorId, { executorId, host, slots, addedAt: time, ...none });
        break;
      }
      case 'executor-removed': {
        const { executorId, reason, time } = event;
        update(this.#executors.get(executorId), { reason, removedAt: time });
        break;
      }
      case 'task-started':
        this.#startTask(event);
        break;
      case 'task-ended':
        this.#endTask(event);
        break;
      case 'block-updated':
      case 'executor-excluded':
      case 'executor-decommissioned':
        break;
      default:
        this.#addOfJob(event);
    }
  }

  build(isCut: boolean): ApplicationHistory {
    const { appId = '', name = '', master = '', time = null } = this.#application ?? {};
    return {
      header: this.#header,
      appId,
      name,
      master,
      startedAt: time,
      endedAt: this.#endedAt,
      executors: [...this.#executors.values()],
      jobs: [...this.#jobs.values()],
      stages: [...this.#stages.values()],
      isCut,
    };
  }

  #addOfJob(
    event: LoggedEventOf<'job-started' | 'job-ended' | 'stage-submitted' | 'stage-completed' | 'stage-skipped'>,
  ): void {
    const { time } = event;
    switch (event.type) {
      case 'job-started': {
        const { jobId, description, stages } = event;
        const open = { skipped: [], startedAt: time, endedAt: null, outcome: null, error: null };
        this.#jobs.set(jobId, { jobId, description, stages, ...open });
        break;
      }
      case 'job-ended': {
        const { outcome, error } = event;
        update(this.#jobs.get(event.jobId), { outcome, error, endedAt: time });
        break;
      }
      case 'stage-submitted': {
        const { stage, attempt, tasks, decisions } = event;
        const open = { startedAt: time, endedAt: null, outcome: null, reason: null, tasks: [] };
        this.#stages.set(key(stage.stageId, attempt), { stage, attempt, numTasks: tasks, decisions, ...open });
        break;
      }
      case 'stage-completed': {
        const { outcome, reason } = event;
        update(this.#stages.get(key(event.stage.stageId, event.attempt)), { outcome, reason, endedAt: time });
        break;
      }
      case 'stage-skipped':
        this.#jobs.get(event.stage.jobId)?.skipped.push(event.stage.stageId);
        break;
    }
  }

  #startTask({ task, time }: LoggedEventOf<'task-started'>): void {
    const open = { endedAt: null, outcome: null, error: null, metrics: null };
    const history: TaskHistory = { task, startedAt: time, ...open };
    this.#tasks.set(task.taskId, history);
    this.#stages.get(key(task.stageId, task.stageAttempt))?.tasks.push(history);
  }

  #endTask({ task, outcome, error, metrics, time }: LoggedEventOf<'task-ended'>): void {
    update(this.#tasks.get(task.taskId), { outcome, error, metrics, endedAt: time });
    const executor = this.#executors.get(task.executorId);
    if (executor === undefined) return;
    executor.tasks++;
    if (outcome === 'failed') executor.failedTasks++;
  }
}

function key(stageId: number, attempt: number): string {
  return `${stageId}/${attempt}`;
}

function update<T extends object>(target: T | undefined, changes: Partial<T>): void {
  if (target !== undefined) Object.assign(target, changes);
}
