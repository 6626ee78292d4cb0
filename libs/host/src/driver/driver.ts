import { type Clock, type ErrorData, type ExecutorId, errorFromData, errorToData, type JobId, jobId, KilnError, type StageId, type TaskId } from '@kiln/base';
import type { DagAction, DagEvent, DagScheduler } from '@kiln/contracts/dag-scheduler';
import type { SchedulerBackend, TaskResult } from '@kiln/contracts/executor';
import type { ListenerBus, TaskInfo } from '@kiln/contracts/listener';
import type { StructField } from '@kiln/contracts/plan';
import type { PlannedQuery, Planner, Query } from '@kiln/contracts/planner';
import type { EngineSettings, Logger } from '@kiln/contracts/plugin';
import type { MapOutputTracker } from '@kiln/contracts/shuffle';
import type { OutputCommitter, WriteMode } from '@kiln/contracts/storage';
import type { TaskLaunch, TaskScheduler, TaskSchedulerAction, TaskSchedulerEvent } from '@kiln/contracts/task-scheduler';
import { Job, type JobListener, type WriteSummary } from './job.ts';
import { StagePreparer } from './stage-preparer.ts';
import { type StagedQuery, type StageRegistry, shufflesOf, stageInfo, stageSpec } from './stages.ts';
import { failureToError } from './task-errors.ts';
import { TaskLauncher } from './task-launcher.ts';
import { Wakeups } from './wakeups.ts';

export interface DriverParts {
  readonly planner: Planner;
  readonly dag: DagScheduler;
  readonly tasks: TaskScheduler;
  readonly tracker: MapOutputTracker;
  readonly backend: SchedulerBackend;
  readonly bus: ListenerBus;
  readonly committer: OutputCommitter;
  readonly settings: EngineSettings;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly stages: StageRegistry;
  readonly maxHashBuildBytes: () => number;
  readonly maxResultBytes: number;
}

export interface JobRequest {
  readonly query: Query;
  readonly description: string;
  /** Which DataFrame asks; its map stages are reused by its next action. */
  readonly dataFrameId: number | null;
  readonly write: { readonly path: string; readonly format: string; readonly mode: WriteMode } | null;
}

/**
 * The actor that owns all jobs. Everything that happens is an event for one of the two pure schedulers; what they answer is performed
 * here. Events queue, so a scheduler is never stepped while its former actions are being performed.
 */
export class Driver {
  readonly #parts: DriverParts;
  readonly #preparer: StagePreparer;
  readonly #launcher: TaskLauncher;
  readonly #wakeups: Wakeups;
  readonly #jobs = new Map<JobId, Job>();
  readonly #results = new Map<TaskId, TaskResult>();
  readonly #queue: ({ readonly to: 'dag'; readonly event: DagEvent } | { readonly to: 'tasks'; readonly event: TaskSchedulerEvent })[] = [];
  readonly #committing = new Set<Promise<void>>();
  #running = false;
  #nextJob = 0;

  constructor(parts: DriverParts) {
    this.#parts = parts;
    this.#preparer = new StagePreparer(parts);
    this.#launcher = new TaskLauncher(parts);
    this.#wakeups = new Wakeups(parts.clock);
    parts.backend.onResult((executor, result) => this.#onResult(executor, result));
  }

  async plan(request: JobRequest): Promise<StagedQuery> {
    const key = request.dataFrameId === null ? null : `${request.dataFrameId}/${request.query.action}`;
    const kept = key === null ? undefined : this.#parts.stages.find(key);
    if (kept !== undefined) return kept;
    const planned: PlannedQuery = await this.#parts.planner.plan(request.query);
    return this.#parts.stages.add(planned, request.query, key);
  }

  /** Starts a planned query as a job. `undefined`: the write's mode is `ignore` and there is output already. */
  async start(query: StagedQuery, request: JobRequest, listener: JobListener): Promise<Job | undefined> {
    const id = jobId(this.#nextJob++);
    const write = request.write === null ? null : { jobId: id, ...request.write };
    if (write !== null && !(await this.#parts.committer.setupJob(write))) return undefined;
    const job = new Job(id, query, write, listener, this.#parts.maxResultBytes);
    this.#jobs.set(id, job);
    this.#parts.bus.post({ type: 'job-started', time: this.#now(), jobId: id, description: request.description, stages: query.stages.map((stage) => stageInfo(stage, id)) });
    this.#dag({ type: 'job-submitted', job: { jobId: id, description: request.description, stages: query.stages.map(stageSpec), pool: request.query.conf['spark.scheduler.pool'] ?? 'default' } });
    return job;
  }

  cancel(id: JobId, reason: string): void {
    if (this.#jobs.has(id)) this.#dag({ type: 'job-cancelled', jobId: id, reason });
  }

  cancelAll(reason: string): void {
    for (const id of this.#jobs.keys()) this.cancel(id, reason);
  }

  /** Nobody holds this DataFrame any more: its shuffles go when no job uses them. */
  releasePlan(dataFrameId: number): void {
    for (const query of this.#parts.stages.release(`${dataFrameId}/`)) this.#releaseQuery(query);
  }

  schema(query: Query): Promise<readonly StructField[]> {
    return this.#parts.planner.schema(query);
  }

  executorAdded(executorId: ExecutorId, host: string, slots: number): void {
    this.#parts.bus.post({ type: 'executor-added', time: this.#now(), executorId, host, slots });
    this.#tasks({ type: 'executor-added', executorId, host, slots });
  }

  executorRemoved(executorId: ExecutorId, reason: string, causedByApp: boolean): void {
    this.#parts.bus.post({ type: 'executor-removed', time: this.#now(), executorId, reason });
    this.#launcher.forget(executorId);
    // Its outputs first: tasks that are launched again must not be sent to lost ones.
    this.#dag({ type: 'executor-lost', executorId });
    this.#tasks({ type: 'executor-removed', executorId, reason, causedByApp });
  }

  /** Cancels what runs and waits until nothing is left of it. */
  async stop(): Promise<void> {
    const open = [...this.#jobs.values()].map((job) => job.done);
    this.cancelAll('the engine stops');
    await Promise.allSettled(open);
    await Promise.allSettled(this.#committing);
    this.#wakeups.cancel();
  }

  #releaseQuery(query: StagedQuery): void {
    if ([...this.#jobs.values()].some((job) => job.query === query)) return;
    for (const shuffleId of shufflesOf(query)) this.#dag({ type: 'shuffle-released', shuffleId: shuffleId as never });
    this.#parts.stages.forget(query);
  }

  #dag(event: DagEvent): void {
    this.#queue.push({ to: 'dag', event });
    this.#run();
  }

  #tasks(event: TaskSchedulerEvent): void {
    this.#queue.push({ to: 'tasks', event });
    this.#run();
  }

  #run(): void {
    if (this.#running) return;
    this.#running = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        if (next.to === 'dag') for (const action of this.#parts.dag.step(next.event, this.#now())) this.#performDag(action);
        else for (const action of this.#parts.tasks.step(next.event, this.#now())) this.#performTask(action);
      }
    } finally {
      this.#running = false;
    }
  }

  #performDag(action: DagAction): void {
    switch (action.type) {
      case 'prepare-stage':
        return this.#prepare(action.jobId, action.stageId, action.attempt);
      case 'submit-task-set': {
        const { taskSet } = action;
        const stage = this.#parts.stages.get(taskSet.stageId);
        this.#parts.bus.post({
          type: 'stage-submitted',
          time: this.#now(),
          stage: stageInfo(stage, taskSet.jobId),
          attempt: taskSet.stageAttempt,
          tasks: taskSet.tasks.length,
          decisions: stage.attempt?.decisions ?? [],
        });
        return this.#tasks({ type: 'task-set-submitted', taskSet });
      }
      case 'cancel-stage':
        return this.#tasks({ type: 'stage-cancelled', stageId: action.stageId, stageAttempt: action.stageAttempt, reason: action.reason });
      case 'stage-completed': {
        const stage = this.#parts.stages.lookUp(action.stageId);
        if (stage === undefined) return;
        this.#parts.bus.post({ type: 'stage-completed', time: this.#now(), stage: stageInfo(stage, action.jobId), attempt: action.attempt, outcome: action.outcome, reason: action.reason });
        return;
      }
      case 'stage-skipped':
        this.#parts.bus.post({ type: 'stage-skipped', time: this.#now(), stage: stageInfo(this.#parts.stages.get(action.stageId), action.jobId) });
        return;
      case 'unregister-outputs':
        return this.#parts.tracker.unregister(action);
      case 'drop-shuffle':
        this.#parts.tracker.remove(action.shuffleId);
        this.#parts.backend.removeShuffle(action.shuffleId);
        this.#launcher.forgetShuffle(action.shuffleId);
        this.#parts.bus.post({ type: 'block-updated', time: this.#now(), executorId: 'driver' as ExecutorId, block: `shuffle_${action.shuffleId}`, bytes: 0, stored: 'removed' });
        return;
      case 'job-succeeded':
        return this.#finish(action.jobId, null, false);
      case 'job-failed':
        return this.#finish(action.jobId, action.error, action.cancelled);
      case 'wake':
        return this.#wakeups.at('dag', action.at, () => this.#dag({ type: 'tick' }));
    }
  }

  #performTask(action: TaskSchedulerAction): void {
    switch (action.type) {
      case 'launch':
        return this.#launch(action.launch);
      case 'kill':
        return this.#parts.backend.kill(action.executorId, action.taskId, action.reason);
      case 'partition-done':
        return this.#partitionDone(action);
      case 'task-set-failed':
      case 'fetch-failed':
        return this.#dag(action);
      case 'task-set-ended':
        return this.#preparer.drop(action.stageId, action.stageAttempt);
      case 'wake':
        return this.#wakeups.at('tasks', action.at, () => this.#tasks({ type: 'tick' }));
    }
  }

  #prepare(id: JobId, stageId: StageId, attempt: number): void {
    const scalars = this.#jobs.get(id)?.scalars ?? {};
    try {
      const tasks = this.#preparer.prepare(stageId, attempt, scalars);
      this.#dag({ type: 'stage-prepared', stageId, attempt, tasks });
    } catch (error) {
      this.#dag({ type: 'stage-preparation-failed', stageId, attempt, error: errorToData(error) });
    }
  }

  #launch(launch: TaskLaunch): void {
    const job = this.#jobs.get(launch.jobId);
    this.#parts.bus.post({ type: 'task-started', time: this.#now(), task: launch });
    this.#launcher.launch(launch, job?.write ?? null);
  }

  #onResult(executorId: ExecutorId, result: TaskResult): void {
    const taskId = result.outcome.taskId as TaskId;
    const launch = this.#launcher.launched(taskId);
    if (launch === undefined) return;
    const { status, metrics } = result.outcome;
    const outcome = status.type === 'success' ? 'succeeded' : status.type;
    const error = status.type === 'failed' ? failureToError(status.failure, launch) : null;
    const task: TaskInfo = { ...launch, executorId };
    this.#parts.bus.post({ type: 'task-ended', time: this.#now(), task, outcome, error, metrics });
    if (status.type === 'success') {
      this.#results.set(taskId, result);
      this.#tasks({ type: 'task-succeeded', taskId });
      this.#results.delete(taskId);
    } else if (status.type === 'killed') {
      this.#tasks({ type: 'task-killed', taskId, reason: status.reason });
    } else if (status.failure.kind === 'out-of-memory' && this.#preparer.avoidHashJoin(launch.stageId)) {
      // Not the task's fault: the same partition again, by sort-merge, without counting.
      this.#tasks({ type: 'task-killed', taskId, reason: status.failure.message });
    } else {
      this.#tasks({ type: 'task-failed', taskId, failure: status.failure });
    }
    this.#launcher.finished(taskId);
  }

  #partitionDone(action: Extract<TaskSchedulerAction, { type: 'partition-done' }>): void {
    const { jobId: id, stageId, stageAttempt, partition, executorId, taskId } = action;
    const result = this.#results.get(taskId);
    const launch = this.#launcher.launched(taskId);
    if (result === undefined || result.outcome.status.type !== 'success') return;
    const { output } = result.outcome.status;
    const stage = this.#parts.stages.lookUp(stageId);
    if (stage === undefined) return;
    const job = this.#jobs.get(id);
    const done: DagEvent = { type: 'partition-done', stageId, stageAttempt, partition, executorId };
    try {
      if (output.type === 'map-output' && stage.plan.output.type === 'shuffle') {
        this.#parts.tracker.register(stage.plan.output.shuffleId as never, partition, executorId, output.status);
        const bytes = output.status.bytes.reduce((a, b) => a + b, 0);
        this.#parts.bus.post({ type: 'block-updated', time: this.#now(), executorId, block: `shuffle_${stage.plan.output.shuffleId}_${partition}`, bytes, stored: 'memory' });
      } else if (output.type === 'result') {
        const data = result.data ?? new Uint8Array();
        if (stage.plan.output.type === 'scalar-subquery') job?.addScalar(stage.plan.output.subqueryId, output.rows, data);
        else job?.addResult(partition, data);
      } else if (output.type === 'write') {
        const write = job?.write;
        if (job === undefined || write === null || write === undefined) return;
        const committing = this.#parts.committer
          .commitTask(write, { partition, attempt: launch?.attempt ?? 0, taskId }, output.files)
          .then(() => {
            job.written.files += output.files.length;
            for (const file of output.files) {
              job.written.rows += file.rows;
              job.written.bytes += file.bytes;
            }
            this.#dag(done);
          })
          .catch((error) => this.#dag({ type: 'stage-preparation-failed', stageId, attempt: stageAttempt, error: errorToData(error) }))
          .finally(() => this.#committing.delete(committing));
        this.#committing.add(committing);
        return;
      }
      this.#dag(done);
    } catch (error) {
      this.#dag({ type: 'stage-preparation-failed', stageId, attempt: stageAttempt, error: errorToData(error) });
    }
  }

  #finish(id: JobId, error: ErrorData | null, cancelled: boolean): void {
    const job = this.#jobs.get(id);
    if (job === undefined) return;
    void this.#settle(job, error).then((problem) => {
      this.#jobs.delete(id);
      if (!this.#parts.stages.isKept(job.query)) this.#releaseQuery(job.query);
      const outcome = problem === null ? 'succeeded' : cancelled ? 'cancelled' : 'failed';
      this.#parts.bus.post({ type: 'job-ended', time: this.#now(), jobId: id, outcome, error: problem });
      if (problem === null) job.resolve();
      else job.reject(errorFromData(problem));
    });
  }

  /** Commits or aborts the files of a write; a failed commit fails the job. */
  async #settle(job: Job, error: ErrorData | null): Promise<ErrorData | null> {
    if (job.write === null) return error;
    try {
      if (error === null) await this.#parts.committer.commitJob(job.write);
      else {
        await Promise.allSettled(this.#committing);
        await this.#parts.committer.abortJob(job.write);
      }
      return error;
    } catch (cause) {
      this.#parts.logger.error({ job: job.id, error: cause }, 'the output could not be committed or cleaned up');
      return error ?? errorToData(new KilnError('KILN_OUTPUT_COMMIT', `The output in '${job.write.path}' could not be committed`, { cause }));
    }
  }

  #now(): number {
    return this.#parts.clock.now();
  }
}

export type { WriteSummary };
