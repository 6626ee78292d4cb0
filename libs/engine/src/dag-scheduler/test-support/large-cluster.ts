import { type ExecutorId, executorId, type JobId, jobId, Settings, shuffleId, type TaskId } from '@kiln/base';
import type { DagAction, DagEvent, StageSpec } from '@kiln/contracts/dag-scheduler';
import type { TaskFailure } from '@kiln/contracts/executor';
import type { TaskLaunch, TaskSchedulerAction, TaskSchedulerEvent } from '@kiln/contracts/task-scheduler';
import { DefaultMapOutputTracker } from '../../shuffle/map-output-tracker.ts';
import { makeTaskScheduler } from '../../task-scheduler/test-support/task-trace.ts';
import { DefaultDagScheduler } from '../default-dag-scheduler.ts';
import { readStageSpec } from './dag-trace.ts';
import { generator } from './simulation.ts';
import { TimeQueue } from './time-queue.ts';

export interface LargeLoad {
  readonly seed: number;
  readonly executors: number;
  readonly slots: number;
  /** For each job tasks by stage: `{ '0:map': 500, '1:result<-0': 100 }`. */
  readonly jobs: readonly Readonly<Record<string, number>>[];
  readonly losses: number;
  /** Of 1,000 tasks. */
  readonly failures: number;
  readonly conf: Readonly<Record<string, string>>;
}

export interface LargeResult {
  readonly steps: number;
  readonly launches: number;
  readonly fetchFailures: number;
  readonly lostTasks: number;
  readonly copies: number;
  /** By job: its end, and how often each result partition was given out. */
  readonly jobs: ReadonlyMap<JobId, { readonly end: string; readonly partitions: readonly number[] }>;
  readonly virtualMillis: number;
}

interface Node {
  readonly host: string;
  readonly tasks: Map<TaskId, Running>;
  isAlive: boolean;
}

interface Running {
  readonly launch: TaskLaunch;
  readonly launchedAt: number;
  isKilled: boolean;
}

type Due =
  | { readonly type: 'task-ends'; readonly executor: ExecutorId; readonly taskId: TaskId }
  | { readonly type: 'loss' }
  | { readonly type: 'call'; readonly run: () => void };

/** Both schedulers and the tracker, driven as the driver drives them, with a thousand executors. Broken invariants throw. */
export class LargeCluster {
  readonly #load: LargeLoad;
  readonly #random: (count: number) => number;
  readonly #tracker = new DefaultMapOutputTracker();
  readonly #dag: DefaultDagScheduler;
  readonly #tasks: ReturnType<typeof makeTaskScheduler>;
  readonly #due = new TimeQueue<Due>();
  readonly #nodes = new Map<ExecutorId, Node>();
  readonly #specs = new Map<number, StageSpec & { readonly tasks: number }>();
  readonly #jobs = new Map<JobId, { end: string; partitions: number[] }>();
  /** When outputs of a shuffle were lost last, and which. */
  readonly #losses = new Map<number, { readonly at: number; readonly map: number; readonly executor: ExecutorId }>();
  readonly #queue: ({ to: 'dag'; event: DagEvent } | { to: 'tasks'; event: TaskSchedulerEvent })[] = [];
  #counts = { steps: 0, launches: 0, fetchFailures: 0, lostTasks: 0, copies: 0 };
  #nextExecutor = 0;
  #now = 0;

  constructor(load: LargeLoad) {
    this.#load = load;
    this.#random = generator(load.seed);
    this.#dag = new DefaultDagScheduler(this.#tracker, Settings.from(load.conf).settings);
    this.#tasks = makeTaskScheduler(load.conf);
  }

  run(): LargeResult {
    for (let index = 0; index < this.#load.executors; index++) this.#addExecutor();
    for (const index of this.#load.jobs.keys()) this.#submit(index);
    for (let index = 0; index < this.#load.losses; index++) this.#due.push(50 + this.#random(9_000), { type: 'loss' });
    this.#drain();
    for (let next = this.#due.pop(); next !== undefined; next = this.#due.pop()) {
      this.#now = Math.max(this.#now, next.at);
      if (next.value.type === 'task-ends') this.#endTask(next.value.executor, next.value.taskId);
      else if (next.value.type === 'loss') this.#lose();
      else next.value.run();
      this.#drain();
    }
    return { ...this.#counts, jobs: this.#jobs, virtualMillis: this.#now };
  }

  #submit(index: number): void {
    const id = jobId(index);
    const offset = index * 100;
    const stages = Object.entries(this.#load.jobs[index] ?? {}).map(([text, tasks]) => {
      const spec = readStageSpec(text.replace(/\d+/g, (number) => String(Number(number) + offset)));
      this.#specs.set(spec.stageId, { ...spec, tasks });
      return spec;
    });
    const last = Object.values(this.#load.jobs[index] ?? {}).at(-1) ?? 0;
    this.#jobs.set(id, { end: 'never', partitions: new Array(last).fill(0) });
    this.#send({ type: 'job-submitted', job: { jobId: id, description: '', stages, pool: `pool-${index % 3}` } });
  }

  #addExecutor(): void {
    const id = executorId(`e${this.#nextExecutor++}`);
    const host = `h${this.#nextExecutor >> 2}`;
    this.#nodes.set(id, { host, tasks: new Map(), isAlive: true });
    const rack = `r${this.#nextExecutor >> 6}`;
    this.#queue.push({
      to: 'tasks',
      event: { type: 'executor-added', executorId: id, host, rack, slots: this.#load.slots },
    });
  }

  /** Its outputs and tasks are gone at once; that it is gone is known a while later, and another one comes. */
  #lose(): void {
    const alive = [...this.#nodes].filter(([, node]) => node.isAlive);
    const [id, node] = alive[this.#random(alive.length)] ?? [];
    if (id === undefined || node === undefined) return;
    node.isAlive = false;
    this.#counts.lostTasks += node.tasks.size;
    for (const shuffle of this.#tracker.shuffles) {
      const lost = this.#tracker.outputs(shuffle).find((output) => output?.location.executor === id);
      if (lost !== undefined) this.#losses.set(shuffle, { at: this.#now, map: lost.map, executor: id });
    }
    const notice = () => {
      this.#nodes.delete(id);
      this.#send({ type: 'executor-lost', executorId: id });
      const event = { type: 'executor-removed', executorId: id, reason: 'lost', causedByApp: false } as const;
      this.#queue.push({ to: 'tasks', event });
      this.#addExecutor();
    };
    this.#due.push(this.#now + this.#random(300), { type: 'call', run: notice });
  }

  #drain(): void {
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      this.#counts.steps++;
      if (next.to === 'dag') for (const action of this.#dag.step(next.event, this.#now)) this.#performDag(action);
      else for (const action of this.#tasks.step(next.event, this.#now)) this.#performTask(action);
    }
  }

  #performDag(action: DagAction): void {
    switch (action.type) {
      case 'prepare-stage':
        return this.#prepare(action.stageId, action.attempt);
      case 'submit-task-set':
        return void this.#queue.push({ to: 'tasks', event: { type: 'task-set-submitted', taskSet: action.taskSet } });
      case 'cancel-stage':
        return void this.#queue.push({ to: 'tasks', event: { ...action, type: 'stage-cancelled' } });
      case 'unregister-outputs':
        return this.#tracker.unregister(action);
      case 'drop-shuffle':
        return this.#tracker.remove(action.shuffleId);
      case 'job-succeeded':
        return this.#end(action.jobId, 'succeeded');
      case 'job-failed':
        return this.#end(action.jobId, action.error.message);
      case 'wake':
        return this.#due.push(action.at, { type: 'call', run: () => this.#send({ type: 'tick' }) });
      default:
        return;
    }
  }

  #end(id: JobId, end: string): void {
    const job = this.#jobs.get(id);
    if (job === undefined || job.end !== 'never') throw new Error(`Job ${id} ended twice`);
    job.end = end;
  }

  #prepare(stage: number, attempt: number): void {
    const spec = this.#specs.get(stage);
    if (spec === undefined) throw new Error(`Stage ${stage} is not known`);
    if (spec.shuffleId !== null) this.#tracker.registerShuffle(spec.shuffleId, spec.tasks);
    const tasks = Array.from({ length: spec.tasks }, (_, partition) => {
      const host = this.#random(this.#load.executors) >> 2;
      const preferredHosts = spec.parents.length === 0 && partition % 2 === 0 ? [`h${host}`] : [];
      return {
        partition,
        preferredExecutors: [],
        preferredHosts,
        preferredRacks: preferredHosts.map(() => `r${host >> 4}`),
      };
    });
    this.#send({ type: 'stage-prepared', stageId: spec.stageId, attempt, tasks });
  }

  #performTask(action: TaskSchedulerAction): void {
    switch (action.type) {
      case 'launch':
        return this.#launch(action.launch);
      case 'kill': {
        const task = this.#nodes.get(action.executorId)?.tasks.get(action.taskId);
        if (task === undefined) return;
        task.isKilled = true;
        return this.#due.push(this.#now + 1, { type: 'task-ends', executor: action.executorId, taskId: action.taskId });
      }
      case 'partition-done':
        return this.#partitionDone(action);
      case 'task-set-failed':
      case 'fetch-failed':
        return this.#send(action);
      case 'wake':
        return this.#due.push(action.at, {
          type: 'call',
          run: () => void this.#queue.push({ to: 'tasks', event: { type: 'tick' } }),
        });
      default:
        return;
    }
  }

  #launch(launch: TaskLaunch): void {
    const node = this.#nodes.get(launch.executorId);
    if (node === undefined)
      throw new Error(`Task ${launch.taskId} was launched on ${launch.executorId}, which is gone`);
    this.#counts.launches++;
    if (launch.speculative) this.#counts.copies++;
    for (const parent of this.#specs.get(launch.stageId)?.parents ?? []) {
      const [map] = this.#tracker.missing(shuffleId(parent)) ?? [];
      if (map !== undefined) return this.#fail(launch, fetchFailure(parent, map, ''));
    }
    node.tasks.set(launch.taskId, { launch, launchedAt: this.#now, isKilled: false });
    const { slots } = this.#load;
    if (node.tasks.size > slots)
      throw new Error(`${node.tasks.size} tasks on the ${slots} slots of ${launch.executorId}`);
    const millis = 20 + this.#random(100) + (this.#random(500) === 0 ? 2_000 : 0);
    this.#due.push(this.#now + millis, { type: 'task-ends', executor: launch.executorId, taskId: launch.taskId });
  }

  #endTask(executor: ExecutorId, taskId: TaskId): void {
    const node = this.#nodes.get(executor);
    const task = node?.tasks.get(taskId);
    // A dead executor says nothing.
    if (node?.isAlive !== true || task === undefined) return;
    node.tasks.delete(taskId);
    const { launch } = task;
    if (task.isKilled)
      return void this.#queue.push({ to: 'tasks', event: { type: 'task-killed', taskId, reason: '' } });
    for (const parent of this.#specs.get(launch.stageId)?.parents ?? []) {
      const loss = this.#losses.get(parent);
      if (loss !== undefined && loss.at >= task.launchedAt)
        return this.#fail(launch, fetchFailure(parent, loss.map, loss.executor));
    }
    if (this.#random(1_000) < this.#load.failures) return this.#fail(launch, boom);
    this.#queue.push({ to: 'tasks', event: { type: 'task-succeeded', taskId } });
  }

  #fail({ taskId }: TaskLaunch, failure: TaskFailure): void {
    if (failure.fetch !== null) this.#counts.fetchFailures++;
    this.#queue.push({ to: 'tasks', event: { type: 'task-failed', taskId, failure } });
  }

  #partitionDone(action: Extract<TaskSchedulerAction, { type: 'partition-done' }>): void {
    const { stageId, stageAttempt, partition, executorId: executor } = action;
    const spec = this.#specs.get(stageId);
    if (spec?.shuffleId !== null && spec !== undefined) {
      const location = { executor, host: this.#nodes.get(executor)?.host ?? '', address: '', isServed: false };
      const status = { uri: '', bytes: [1], rows: [1], checksum: '', keys: [] };
      this.#tracker.register(spec.shuffleId, partition, location, status);
    } else {
      const { partitions } = this.#jobs.get(action.jobId) ?? { partitions: [] };
      const times = (partitions[partition] ?? 0) + 1;
      if (times > 1) throw new Error(`Partition ${partition} of job ${action.jobId} was given out twice`);
      partitions[partition] = times;
    }
    this.#send({ type: 'partition-done', stageId, stageAttempt, partition, executorId: executor, otherRows: false });
  }

  #send(event: DagEvent): void {
    this.#queue.push({ to: 'dag', event });
  }
}

const boom: TaskFailure = { kind: 'user', class: 'Boom', message: 'boom', causes: [], fetch: null };

function fetchFailure(shuffle: number, map: number, holder: string): TaskFailure {
  const fetch = { shuffleId: shuffle, map, reduce: 0, executorId: holder, cause: 'missing' as const };
  return { kind: 'fetch-failed', class: 'FetchFailed', message: `map ${map} of shuffle ${shuffle}`, causes: [], fetch };
}
