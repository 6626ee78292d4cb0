import { type ErrorData, type ExecutorId, errorToData, type JobId, jobId, KilnError, type TaskId } from '@kiln/base';
import type { DagAction, DagEvent } from '@kiln/contracts/dag-scheduler';
import { noMetrics, type TaskOutput, type TaskResult } from '@kiln/contracts/executor';
import type { EngineEvent } from '@kiln/contracts/listener';
import type { StructField } from '@kiln/contracts/plan';
import type { PlannedQuery, Query } from '@kiln/contracts/planner';
import type { TaskLaunch, TaskSchedulerAction, TaskSchedulerEvent } from '@kiln/contracts/task-scheduler';
import { Decommissions } from './decommission.ts';
import type { DriverParts, JobRequest } from './driver-parts.ts';
import { Executors, inThisProcess, type ServedBy } from './executors.ts';
import { Job, type JobListener } from './job.ts';
import { LineagePlans, lineageRunner } from './lineage-plans.ts';
import { type LiveTask, LiveTasks } from './live-tasks.ts';
import { OutputWrites } from './output-writes.ts';
import { QueryPlans } from './query-plans.ts';
import { StagePreparer } from './stage-preparer.ts';
import { type Stage, type StagedQuery, StageRegistry, shuffleOf, stageInfo, stageSpec } from './stages.ts';
import { executorLost, failureToError, inputMissing, launchFailure } from './task-errors.ts';
import { TaskLauncher } from './task-launcher.ts';
import { hostsOf } from './task-preferences.ts';
import { Wakeups } from './wakeups.ts';

type Queued = { readonly after?: () => void } & (
  | { readonly to: 'dag'; readonly event: DagEvent }
  | { readonly to: 'tasks'; readonly event: TaskSchedulerEvent }
);

/** What the native executor calls a task's result beyond `spark.driver.maxResultSize`. */
const resultTooLarge = 'RESULT_TOO_LARGE';

/** A job that ends early waits so long for its tasks to stop. */
const patienceMillis = 10_000;

/**
 * The actor that owns all jobs. Everything that happens is an event for one of the two pure schedulers; what they answer is performed
 * here. Events queue, so a scheduler is never stepped while its former actions are being performed.
 */
export class Driver {
  readonly #parts: DriverParts;
  readonly #stages = new StageRegistry();
  readonly #plans: QueryPlans;
  readonly #lineages: LineagePlans;
  readonly #preparer: StagePreparer;
  readonly #launcher: TaskLauncher;
  readonly #writes: OutputWrites;
  readonly #wakeups: Wakeups;
  readonly #executors = new Executors();
  readonly #jobs = new Map<JobId, Job>();
  readonly #live = new LiveTasks();
  readonly #decommissions: Decommissions;
  readonly #queue: Queued[] = [];
  #running = false;
  #stopping = false;
  #nextJob = 0;

  constructor(parts: DriverParts) {
    this.#parts = parts;
    this.#plans = new QueryPlans(parts.planner, this.#stages, (query) => this.#free(query.stages));
    this.#lineages = new LineagePlans(parts, this.#stages, (stages) => this.#free(stages));
    this.#preparer = new StagePreparer(parts);
    this.#launcher = new TaskLauncher(parts);
    this.#writes = new OutputWrites(parts.committer, parts.logger);
    this.#wakeups = new Wakeups(parts.clock);
    this.#decommissions = new Decommissions({ ...parts, executors: this.#executors, live: this.#live });
    parts.backend.onResult((executor, result) => this.#onResult(executor, result));
  }

  /** A plan to look at. */
  explain(query: Query): Promise<PlannedQuery> {
    return this.#parts.planner.plan(query);
  }

  schema(query: Query): Promise<readonly StructField[]> {
    return this.#parts.planner.schema(query);
  }

  /**
   * Plans a query and starts it as a job; aborting the signal cancels it. `undefined`: the write's mode is `ignore` and there is
   * output already.
   */
  async submit(request: JobRequest, listener: JobListener, signal: AbortSignal): Promise<Job | undefined> {
    // In the order in which they were asked for, whatever planning takes: policies go by it.
    const id = jobId(this.#nextJob++);
    const { query: asked } = request;
    const query =
      'lineage' in asked ? this.#lineages.acquire(asked) : await this.#plans.acquire(asked, request.dataFrameId);
    let job: Job | undefined;
    try {
      job = await this.#start(id, query, request, listener, signal);
    } finally {
      if (job === undefined) this.#release(query);
    }
    return job;
  }

  cancel(id: JobId, reason: string): void {
    if (this.#jobs.has(id)) this.#dag({ type: 'job-cancelled', jobId: id, reason });
  }

  /** Nobody holds this DataFrame any more: its shuffles go when no job uses them. */
  releasePlan(dataFrameId: number): Promise<void> {
    return this.#plans.forget(dataFrameId);
  }

  /** No RDD refers to these shuffles any more: they go when no job uses them. */
  releaseLineage(shuffles: readonly number[]): void {
    this.#lineages.forget(shuffles);
  }

  /** `servedBy`: how others reach its map outputs; left out when it is in this process. */
  executorAdded(executorId: ExecutorId, host: string, slots: number, servedBy: ServedBy = inThisProcess): void {
    this.#executors.add({ executorId, host, slots, servedBy });
    this.#post({ type: 'executor-added', time: this.#now(), executorId, host, slots });
    const { topology } = this.#parts;
    const add = (rack: string | null) => this.#tasks({ type: 'executor-added', executorId, host, rack, slots });
    const rack = topology === undefined ? null : topology.rackOf(host);
    if (rack !== undefined) return add(rack);
    void topology?.resolve([host]).then(() => {
      if (this.#executors.get(executorId) !== undefined) add(topology.rackOf(host) ?? null);
    });
  }

  /** It gets no more tasks. Resolves when it may end: what it ran is over, and others have its map outputs as far as that is set. */
  async decommission(executorId: ExecutorId, reason: string): Promise<void> {
    if (this.#executors.get(executorId) === undefined || this.#decommissions.has(executorId)) return;
    const left = this.#decommissions.leave(executorId);
    this.#post({ type: 'executor-decommissioned', time: this.#now(), executorId, reason });
    const killAfter = this.#parts.settings.get('spark.executor.decommission.killInterval');
    const endsAt = killAfter === undefined ? null : this.#now() + killAfter;
    this.#dag({ type: 'executor-decommissioned', executorId });
    this.#tasks({ type: 'executor-decommissioned', executorId, endsAt });
    await left;
  }

  hostLost(host: string): void {
    this.#dag({ type: 'host-lost', host });
  }

  executorRemoved(executorId: ExecutorId, reason: string, causedByApp: boolean): void {
    this.#executors.remove(executorId);
    this.#decommissions.forget(executorId);
    this.#post({ type: 'executor-removed', time: this.#now(), executorId, reason });
    this.#launcher.forget(executorId);
    for (const { launch } of this.#live.of(executorId)) {
      this.#live.remove(launch.taskId);
      const error = executorLost(launch, reason);
      this.#post({ type: 'task-ended', time: this.#now(), task: launch, outcome: 'failed', error, metrics: noMetrics });
    }
    // Its outputs first: tasks that are launched again must not be sent to lost ones.
    this.#dag({ type: 'executor-lost', executorId });
    this.#tasks({ type: 'executor-removed', executorId, reason, causedByApp });
  }

  /** Nothing can run them any more. */
  failJobs(error: KilnError): void {
    for (const job of this.#jobs.values()) {
      if (job.isEnding) continue;
      this.#finish(job.id, errorToData(error), false);
      this.#dag({ type: 'job-cancelled', jobId: job.id, reason: error.message });
    }
  }

  /** Cancels what runs and waits until nothing is left of it. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const open = [...this.#jobs.values()].map((job) => job.done);
    for (const id of this.#jobs.keys()) this.cancel(id, 'the engine stops');
    await Promise.allSettled(open);
    await this.#killedAreGone(null);
    this.#wakeups.cancel();
  }

  async #start(
    id: JobId,
    query: StagedQuery,
    request: JobRequest,
    listener: JobListener,
    signal: AbortSignal,
  ): Promise<Job | undefined> {
    await this.#parts.topology?.resolve(hostsOf(query));
    this.#throwIfCancelled(id, request, signal);
    const write = request.write === null ? null : { jobId: id, ...request.write };
    if (write !== null && !(await this.#writes.setUp(write))) return undefined;
    if (write !== null && (signal.aborted || this.#stopping)) await this.#writes.abortJob(write);
    this.#throwIfCancelled(id, request, signal);
    const job = new Job(id, query, write, listener, this.#parts.maxResultBytes);
    this.#jobs.set(id, job);
    this.#parts.onJobs?.(this.#jobs.size);
    const { description } = request;
    const stages = query.stages.map((stage) => stageInfo(stage, id));
    this.#post({ type: 'job-started', time: this.#now(), jobId: id, description, stages });
    const cancel = () => this.cancel(id, reasonOf(signal));
    signal.addEventListener('abort', cancel, { once: true });
    job.done.finally(() => signal.removeEventListener('abort', cancel)).catch(() => {});
    const pool = request.query.conf['spark.scheduler.pool'] ?? 'default';
    this.#dag({ type: 'job-submitted', job: { jobId: id, description, stages: query.stages.map(stageSpec), pool } });
    return job;
  }

  #throwIfCancelled(id: JobId, { description }: JobRequest, signal: AbortSignal): void {
    if (this.#stopping) throw new KilnError('KILN_ENGINE_STOPPED', 'The engine is stopped');
    if (!signal.aborted) return;
    const message = `Job ${id} (${description}) was cancelled before it started: ${reasonOf(signal)}`;
    throw new KilnError('KILN_JOB_CANCELLED', message, { concerns: { job: String(id) } });
  }

  #release(query: StagedQuery): void {
    if (query.runner === lineageRunner) this.#lineages.release(query);
    else this.#plans.release(query);
  }

  /** Nobody uses these stages or will ask for them again. */
  #free(stages: readonly Stage[]): void {
    for (const stage of stages) {
      const shuffleId = shuffleOf(stage);
      if (shuffleId !== null) this.#dag({ type: 'shuffle-released', shuffleId });
    }
  }

  #dag(event: DagEvent): void {
    this.#enqueue({ to: 'dag', event });
  }

  #tasks(event: TaskSchedulerEvent, after?: () => void): void {
    this.#enqueue(after === undefined ? { to: 'tasks', event } : { to: 'tasks', event, after });
  }

  #enqueue(queued: Queued): void {
    this.#queue.push(queued);
    if (this.#running) return;
    this.#running = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      try {
        if (next.to === 'dag')
          for (const action of this.#parts.dag.step(next.event, this.#now())) this.#performDag(action);
        else for (const action of this.#parts.tasks.step(next.event, this.#now())) this.#performTask(action);
      } catch (error) {
        this.#broken(next, error);
      }
      next.after?.();
    }
    this.#running = false;
  }

  /** A scheduler, or a policy in it, threw: nobody knows what it did not do, so all jobs fail with that. */
  #broken(queued: Queued, cause: unknown): void {
    const part = queued.to === 'dag' ? 'DAG scheduler' : 'task scheduler';
    this.#parts.logger.error({ event: queued.event.type, error: cause }, `the ${part} failed`);
    const error = errorToData(
      new KilnError('KILN_SCHEDULER', `The ${part} failed at '${queued.event.type}'`, { cause }),
    );
    for (const { executorId, taskId } of this.#live.killAll())
      this.#parts.backend.kill(executorId, taskId, `the ${part} failed`);
    for (const job of this.#jobs.values()) {
      if (job.isEnding) continue;
      this.#finish(job.id, error, false);
      this.#queue.push({ to: 'dag', event: { type: 'job-cancelled', jobId: job.id, reason: `the ${part} failed` } });
    }
  }

  #performDag(action: DagAction): void {
    switch (action.type) {
      case 'prepare-stage':
        return this.#prepare(action);
      case 'submit-task-set': {
        const { taskSet } = action;
        const stage = this.#stages.get(taskSet.stageId);
        this.#post({
          type: 'stage-submitted',
          time: this.#now(),
          stage: stageInfo(stage, taskSet.jobId),
          attempt: taskSet.stageAttempt,
          tasks: taskSet.tasks.length,
          decisions: stage.attempt?.layout.words ?? [],
        });
        return this.#tasks({ type: 'task-set-submitted', taskSet });
      }
      case 'cancel-stage':
        return this.#tasks({ ...action, type: 'stage-cancelled' });
      case 'stage-completed': {
        const stage = this.#stages.lookUp(action.stageId);
        if (stage === undefined) return;
        const { attempt, outcome, reason } = action;
        return this.#post({
          type: 'stage-completed',
          time: this.#now(),
          stage: stageInfo(stage, action.jobId),
          attempt,
          outcome,
          reason,
        });
      }
      case 'stage-skipped': {
        const stage = this.#stages.get(action.stageId);
        return this.#post({ type: 'stage-skipped', time: this.#now(), stage: stageInfo(stage, action.jobId) });
      }
      case 'unregister-outputs':
        return this.#parts.tracker.unregister(action);
      case 'drop-shuffle': {
        const { shuffleId } = action;
        this.#parts.tracker.remove(shuffleId);
        this.#parts.backend.removeShuffle(shuffleId);
        this.#launcher.forgetShuffle(shuffleId);
        const block = `shuffle_${shuffleId}`;
        return this.#post({
          type: 'block-updated',
          time: this.#now(),
          executorId: 'driver' as ExecutorId,
          block,
          bytes: 0,
          stored: 'removed',
        });
      }
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
        this.#live.kill(action.taskId);
        return this.#parts.backend.kill(action.executorId, action.taskId, action.reason);
      case 'partition-done':
        return this.#partitionDone(action);
      case 'task-set-failed':
      case 'fetch-failed':
        return this.#dag(action);
      case 'excluded': {
        const { executorId, host, stageId, until } = action;
        this.#post({ type: 'executor-excluded', time: this.#now(), executorId, host, stageId, until });
        if (stageId === null) this.#parts.demands?.excluded(this.#executors.named(executorId, host));
        return;
      }
      case 'executor-wanted':
        this.#parts.logger.warn({ stage: action.stageId }, 'a task can run on no executor there is');
        return this.#parts.demands?.wanted(action.stageId, action.stageAttempt, action.replaces);
      case 'task-set-ended':
        return this.#preparer.drop(action.stageId, action.stageAttempt);
      case 'wake':
        return this.#wakeups.at('tasks', action.at, () => this.#tasks({ type: 'tick' }));
    }
  }

  #prepare({ jobId: id, stageId, attempt }: Extract<DagAction, { type: 'prepare-stage' }>): void {
    try {
      const tasks = this.#preparer.prepare(this.#stages.get(stageId), attempt, this.#jobs.get(id)?.scalars ?? {});
      this.#dag({ type: 'stage-prepared', stageId, attempt, tasks });
    } catch (error) {
      this.#stageFailed({ stageId, stageAttempt: attempt }, error);
    }
  }

  /** No other attempt of a task would help. */
  #stageFailed({ stageId, stageAttempt }: Pick<TaskLaunch, 'stageId' | 'stageAttempt'>, error: unknown): void {
    this.#dag({ type: 'stage-preparation-failed', stageId, attempt: stageAttempt, error: errorToData(error) });
  }

  #launch(launch: TaskLaunch): void {
    const stage = this.#stages.get(launch.stageId);
    const write = stage.plan.output.type === 'write' ? (this.#jobs.get(launch.jobId)?.write ?? null) : null;
    this.#live.add(launch, stage, write);
    this.#post({ type: 'task-started', time: this.#now(), task: launch });
    const missing = this.#launcher.missingInput(stage);
    if (missing !== null) return this.#onResult(launch.executorId, inputMissing(launch, missing));
    try {
      this.#launcher.launch(launch, stage, write);
    } catch (error) {
      this.#onResult(launch.executorId, launchFailure(launch, error));
    }
  }

  #onResult(executorId: ExecutorId, result: TaskResult): void {
    const { taskId, status, metrics } = result.outcome;
    const task = this.#live.get(taskId as TaskId);
    if (task === undefined || task.result !== null) return;
    task.result = result;
    const { launch, stage } = task;
    // One that was done when it was told to stop does not count, as in Spark: another attempt did before.
    const isLate = status.type === 'success' && task.killed;
    const outcome = isLate ? 'killed' : status.type === 'success' ? 'succeeded' : status.type;
    const error = status.type === 'failed' ? failureToError(status.failure, launch) : null;
    this.#post({ type: 'task-ended', time: this.#now(), task: { ...launch, executorId }, outcome, error, metrics });
    const over = () => this.#over(task);
    if (status.type === 'success') return this.#tasks({ type: 'task-succeeded', taskId: launch.taskId }, over);
    if (status.type === 'killed')
      return this.#tasks({ type: 'task-killed', taskId: launch.taskId, reason: status.reason }, over);
    const { failure } = status;
    // Not the task's fault: the same partition again, by sort-merge, without counting.
    if (failure.kind === 'out-of-memory' && !task.killed && this.#preparer.avoidHashJoin(stage, task.program))
      return this.#tasks({ type: 'task-killed', taskId: launch.taskId, reason: failure.message }, over);
    const job = this.#jobs.get(launch.jobId);
    if (failure.class === resultTooLarge && job !== undefined) this.#stageFailed(launch, job.resultTooLarge());
    return this.#tasks({ type: 'task-failed', taskId: launch.taskId, failure }, over);
  }

  /** The end of an attempt was dealt with: what it left and nobody wants goes. */
  #over(task: LiveTask): void {
    if (task.write !== null && !task.committed) this.#writes.abortTask(task.write, task);
    const shuffleId = shuffleOf(task.stage);
    // The shuffle was dropped meanwhile; a task that was killed at its very end may have left its output too.
    if (shuffleId !== null && this.#parts.tracker.outputs(shuffleId).length === 0)
      this.#parts.backend.removeShuffle(shuffleId);
    this.#live.remove(task.launch.taskId);
  }

  #partitionDone(action: Extract<TaskSchedulerAction, { type: 'partition-done' }>): void {
    const { partition, executorId, stageId, stageAttempt } = action;
    const task = this.#live.get(action.taskId);
    const status = task?.result?.outcome.status;
    if (task === undefined || status?.type !== 'success') return;
    const done = (otherRows = false) => {
      this.#dag({ type: 'partition-done', stageId, stageAttempt, partition, executorId, otherRows });
    };
    const failed = (error: unknown) => this.#stageFailed(action, error);
    try {
      const taking = this.#take(task, status.output, this.#jobs.get(action.jobId));
      if (typeof taking === 'boolean') done(taking);
      else void taking.then(() => done(), failed);
    } catch (error) {
      failed(error);
    }
  }

  /** Keeps what a partition left, where it belongs. `true`: it was lost before and had other rows. */
  #take(task: LiveTask, output: TaskOutput, job: Job | undefined): Promise<void> | boolean {
    const { stage, launch, write } = task;
    const { partition, executorId } = launch;
    const shuffleId = shuffleOf(stage);
    if (output.type === 'map-output' && shuffleId !== null) {
      const location = this.#executors.locationOf(executorId);
      const registration = this.#parts.tracker.register(shuffleId, partition, location, output.status);
      const bytes = output.status.bytes.reduce((a, b) => a + b, 0);
      const block = `shuffle_${shuffleId}_${partition}`;
      this.#post({ type: 'block-updated', time: this.#now(), executorId, block, bytes, stored: 'memory' });
      return registration === 'other-rows';
    }
    if (output.type === 'result') {
      const data = task.result?.data ?? new Uint8Array();
      const { output: kind } = stage.plan;
      if (kind.type === 'scalar-subquery') job?.addScalar(kind.subqueryId, output.rows, data);
      else job?.addResult(partition, data);
    } else if (output.type === 'write' && write !== null && job !== undefined) {
      task.committed = true;
      return this.#writes.commit(job, write, task, output.files);
    }
    return false;
  }

  #finish(id: JobId, error: ErrorData | null, cancelled: boolean): void {
    const job = this.#jobs.get(id);
    if (job === undefined || job.isEnding) return;
    job.isEnding = true;
    void this.#settle(job, error).then((problem) => {
      this.#jobs.delete(id);
      this.#parts.onJobs?.(this.#jobs.size);
      this.#release(job.query);
      const outcome = problem === null ? 'succeeded' : cancelled ? 'cancelled' : 'failed';
      this.#post({ type: 'job-ended', time: this.#now(), jobId: id, outcome, error: problem });
      job.end(problem);
    });
  }

  /** Waits for what was told to stop, then commits or aborts the files of a write. */
  async #settle(job: Job, error: ErrorData | null): Promise<ErrorData | null> {
    // What the scheduler does about the end of the job comes first.
    await Promise.resolve();
    if (error !== null || job.write !== null) await this.#killedAreGone(job.id);
    return job.write === null ? error : this.#writes.settle(job.write, error);
  }

  async #killedAreGone(job: JobId | null): Promise<void> {
    await new Promise<void>((resolve) => {
      const giveUp = this.#parts.clock.after(patienceMillis, () => {
        this.#parts.logger.warn({ job }, 'tasks that were told to stop go on');
        resolve();
      });
      void this.#live.killedAreGone(job).then(() => {
        giveUp();
        resolve();
      });
    });
  }

  #post(event: EngineEvent): void {
    this.#parts.bus.post(event);
  }

  #now(): number {
    return this.#parts.clock.now();
  }
}

function reasonOf(signal: AbortSignal): string {
  return signal.reason instanceof Error ? signal.reason.message : String(signal.reason);
}
