import { type JobId, jobId, Settings, shuffleId, stageId } from '@kiln/base';
import type { DagAction, DagEvent, StageSpec } from '@kiln/contracts/dag-scheduler';
import type { TaskLaunch, TaskSchedulerAction, TaskSchedulerEvent } from '@kiln/contracts/task-scheduler';
import { DefaultMapOutputTracker } from '../../shuffle/map-output-tracker.ts';
import { makeTaskScheduler } from '../../task-scheduler/test-support/task-trace.ts';
import { DefaultDagScheduler } from '../default-dag-scheduler.ts';
import { merge, type Outcome, SimulatedCluster, type Versions } from './simulated-cluster.ts';

/** A stage of the pool that jobs choose from. Parents come earlier in the pool. */
export interface StagePlan {
  readonly kind: 'shuffle-map' | 'scalar-subquery';
  readonly parents: readonly number[];
  readonly tasks: number;
  readonly isIndeterminate: boolean;
}

export interface Scenario {
  readonly seed: number;
  readonly pool: readonly StagePlan[];
  /** Parents and tasks of the result stage; jobs with equal `result` have the same one. */
  readonly jobs: readonly { readonly at: number; readonly result: number; readonly cancelledAt: number | null }[];
  readonly results: readonly { readonly parents: readonly number[]; readonly tasks: number }[];
  readonly executors: readonly number[];
  /** Executors that die; another one comes for each. */
  readonly losses: readonly { readonly at: number; readonly byApp: boolean; readonly noticedAfter: number }[];
  readonly lostBlocks: readonly number[];
  readonly failureRate: number;
  readonly conf: Readonly<Record<string, string>>;
}

export interface JobEnd {
  readonly code: string | null;
  /** Times each partition of the result was given out, and the versions it was made of. */
  readonly partitions: ReadonlyMap<number, number>;
  readonly data: Versions;
}

export interface SimulationResult {
  readonly jobs: ReadonlyMap<JobId, JobEnd>;
  readonly log: readonly string[];
  readonly steps: number;
  readonly openTaskSets: readonly string[];
  readonly shuffles: readonly number[];
}

type Queued =
  | { readonly to: 'dag'; readonly event: DagEvent }
  | { readonly to: 'tasks'; readonly event: TaskSchedulerEvent };

const maxSteps = 50_000;

/** Runs a scenario with both real schedulers and the real tracker, driven as the driver drives them, in virtual time. */
export function simulate(scenario: Scenario): SimulationResult {
  return new Simulation(scenario).run();
}

class Simulation {
  readonly #scenario: Scenario;
  readonly #random: (count: number) => number;
  readonly #tracker = new DefaultMapOutputTracker();
  readonly #dag: DefaultDagScheduler;
  readonly #tasks: ReturnType<typeof makeTaskScheduler>;
  readonly #cluster: SimulatedCluster;
  readonly #queue: Queued[] = [];
  readonly #timers: { readonly at: number; readonly run: () => void }[] = [];
  readonly #specs = new Map<number, StageSpec>();
  readonly #outcomes = new Map<number, Outcome>();
  readonly #jobs = new Map<
    JobId,
    { code: string | null | undefined; partitions: Map<number, number>; data: Versions; values: Map<number, Versions> }
  >();
  readonly #open = new Set<string>();
  readonly #log: string[] = [];
  #now = 0;
  #steps = 0;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.#random = generator(scenario.seed);
    this.#dag = new DefaultDagScheduler(this.#tracker, Settings.from(scenario.conf).settings);
    this.#tasks = makeTaskScheduler(scenario.conf);
    this.#cluster = new SimulatedCluster((stage) => this.#specs.get(stage)?.determinism === 'indeterminate');
  }

  run(): SimulationResult {
    for (const slots of this.#scenario.executors) this.#at(0, () => this.#addExecutor(slots));
    for (const [index, job] of this.#scenario.jobs.entries()) {
      this.#at(job.at, () => this.#submit(jobId(index), job.result));
      if (job.cancelledAt !== null)
        this.#at(job.cancelledAt, () => this.#send({ type: 'job-cancelled', jobId: jobId(index), reason: 'test' }));
    }
    for (const loss of this.#scenario.losses)
      this.#at(loss.at, () => this.#loseExecutor(loss.byApp, loss.noticedAfter));
    for (const at of this.#scenario.lostBlocks) this.#at(at, () => this.#cluster.loseBlock(this.#random));
    while (this.#advanceTime()) this.#drain();
    const jobs = [...this.#jobs].map(([id, { code, partitions, data }]): [JobId, JobEnd] => [
      id,
      { code: code === undefined ? 'NEVER ENDED' : code, partitions, data },
    ]);
    return {
      jobs: new Map(jobs),
      log: this.#log,
      steps: this.#steps,
      openTaskSets: [...this.#open],
      shuffles: this.#tracker.shuffles,
    };
  }

  /** To the next timer or end of a task; `false`: nothing will happen any more. */
  #advanceTime(): boolean {
    const next = Math.min(this.#cluster.nextEnd(), ...this.#timers.map(({ at }) => at));
    if (next === Number.POSITIVE_INFINITY) return false;
    this.#now = Math.max(this.#now, next);
    const due = this.#timers.findIndex(({ at }) => at <= this.#now);
    const [timer] = due === -1 ? [] : this.#timers.splice(due, 1);
    if (timer !== undefined) timer.run();
    else this.#endTask();
    return true;
  }

  #endTask(): void {
    const ended = this.#cluster.endOne(this.#now);
    if (ended === undefined) return;
    const { launch, outcome } = ended;
    const { taskId } = launch;
    this.#outcomes.set(taskId, outcome);
    if (outcome.type === 'succeeded') this.#queue.push({ to: 'tasks', event: { type: 'task-succeeded', taskId } });
    else if (outcome.type === 'killed')
      this.#queue.push({ to: 'tasks', event: { type: 'task-killed', taskId, reason: 'killed' } });
    else this.#queue.push({ to: 'tasks', event: { type: 'task-failed', taskId, failure: outcome.failure } });
  }

  #drain(): void {
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      if (++this.#steps > maxSteps) throw new Error(`More than ${maxSteps} steps: ${this.#log.slice(-20).join('\n')}`);
      deepFreeze(next.event);
      const actions =
        next.to === 'dag' ? this.#dag.step(next.event, this.#now) : this.#tasks.step(next.event, this.#now);
      this.#log.push(`@${this.#now} ${JSON.stringify(next.event)} -> ${JSON.stringify(actions)}`);
      for (const action of actions) {
        if (next.to === 'dag') this.#performDag(action as DagAction);
        else this.#performTask(action as TaskSchedulerAction);
      }
    }
  }

  #performDag(action: DagAction): void {
    switch (action.type) {
      case 'prepare-stage':
        return this.#prepare(action.stageId, action.attempt);
      case 'submit-task-set':
        this.#open.add(`${action.taskSet.stageId}.${action.taskSet.stageAttempt}`);
        this.#queue.push({ to: 'tasks', event: { type: 'task-set-submitted', taskSet: action.taskSet } });
        return;
      case 'cancel-stage':
        this.#queue.push({ to: 'tasks', event: { ...action, type: 'stage-cancelled' } });
        return;
      case 'unregister-outputs':
        return this.#tracker.unregister(action);
      case 'drop-shuffle':
        this.#tracker.remove(action.shuffleId);
        return this.#cluster.dropShuffle(action.shuffleId);
      case 'job-succeeded':
        return this.#end(action.jobId, null);
      case 'job-failed':
        return this.#end(action.jobId, action.error.code);
      case 'wake':
        return this.#at(action.at, () => this.#send({ type: 'tick' }));
      case 'stage-completed':
      case 'stage-skipped':
        return;
    }
  }

  #performTask(action: TaskSchedulerAction): void {
    switch (action.type) {
      case 'launch':
        return this.#launch(action.launch);
      case 'kill':
        return this.#cluster.kill(action.executorId, action.taskId);
      case 'partition-done':
        return this.#partitionDone(action);
      case 'task-set-failed':
      case 'fetch-failed':
        return this.#send(action);
      case 'task-set-ended':
        this.#open.delete(`${action.stageId}.${action.stageAttempt}`);
        return;
      case 'wake':
        return this.#at(action.at, () => void this.#queue.push({ to: 'tasks', event: { type: 'tick' } }));
    }
  }

  #submit(id: JobId, result: number): void {
    const { pool, results } = this.#scenario;
    const chosen = results[result];
    if (chosen === undefined) return;
    const wanted = new Set<number>();
    for (let stack = [...chosen.parents]; stack.length > 0; ) {
      const stage = stack.pop() ?? 0;
      if (wanted.has(stage)) continue;
      wanted.add(stage);
      stack = [...stack, ...(pool[stage]?.parents ?? [])];
    }
    const stages = [...wanted].sort((a, b) => a - b).flatMap((stage) => this.#spec(stage, pool[stage]) ?? []);
    const final = this.#spec(pool.length + result, { kind: 'result', parents: chosen.parents, isIndeterminate: false });
    this.#jobs.set(id, { code: undefined, partitions: new Map(), data: new Map(), values: new Map() });
    this.#send({
      type: 'job-submitted',
      job: { jobId: id, description: '', stages: [...stages, final].flatMap((spec) => spec ?? []), pool: 'default' },
    });
  }

  #spec(
    id: number,
    plan: { kind: StageSpec['kind']; parents: readonly number[]; isIndeterminate: boolean } | undefined,
  ): StageSpec | undefined {
    if (plan === undefined) return undefined;
    const spec: StageSpec = {
      stageId: stageId(id),
      name: '',
      kind: plan.kind,
      parents: plan.parents.map(stageId),
      shuffleId: plan.kind === 'shuffle-map' ? shuffleId(id) : null,
      determinism: plan.isIndeterminate ? 'indeterminate' : 'determinate',
    };
    this.#specs.set(id, spec);
    return spec;
  }

  #prepare(stage: number, attempt: number): void {
    const { pool, results } = this.#scenario;
    const count = pool[stage]?.tasks ?? results[stage - pool.length]?.tasks ?? 0;
    if (this.#specs.get(stage)?.kind === 'shuffle-map') this.#tracker.registerShuffle(shuffleId(stage), count);
    const tasks = Array.from({ length: count }, (_, partition) => {
      const preferredExecutors = this.#random(3) === 0 ? this.#cluster.executors.slice(0, 1) : [];
      return { partition, preferredExecutors, preferredHosts: this.#random(4) === 0 ? ['h1'] : [] };
    });
    this.#at(this.#now + this.#random(20), () =>
      this.#send({ type: 'stage-prepared', stageId: stageId(stage), attempt, tasks }),
    );
  }

  #launch(launch: TaskLaunch): void {
    const parents = this.#specs.get(launch.stageId)?.parents ?? [];
    const locations = parents.flatMap((parent) => {
      return this.#tracker
        .outputs(shuffleId(parent))
        .map((output, map) => ({ shuffleId: parent as number, map, executorId: output?.location.executor ?? null }));
    });
    const values = parents.flatMap((parent) => this.#jobs.get(launch.jobId)?.values.get(parent) ?? []);
    const fails = this.#random(1000) < this.#scenario.failureRate * 1000;
    this.#cluster.launch(
      launch,
      { locations, values },
      this.#now + 1 + this.#random(this.#random(5) === 0 ? 1500 : 100),
      fails,
    );
  }

  #partitionDone({
    jobId: id,
    stageId: stage,
    stageAttempt,
    partition,
    taskId,
    executorId,
  }: Extract<TaskSchedulerAction, { type: 'partition-done' }>): void {
    const outcome = this.#outcomes.get(taskId);
    const job = this.#jobs.get(id);
    if (outcome?.type !== 'succeeded' || job === undefined) throw new Error(`Task ${taskId} did not succeed`);
    const kind = this.#specs.get(stage)?.kind;
    if (kind === 'shuffle-map') {
      const location = { executor: executorId, host: '', address: '', isServed: false };
      const registration = this.#tracker.register(shuffleId(stage), partition, location, {
        uri: '',
        bytes: [],
        rows: [],
        checksum: '',
        keys: [],
      });
      if (registration !== 'ignored') this.#cluster.store(executorId, stage, partition, outcome.data);
    } else if (kind === 'scalar-subquery') {
      job.values.set(stage, outcome.data);
    } else if (job.code === undefined) {
      job.partitions.set(partition, (job.partitions.get(partition) ?? 0) + 1);
      job.data = merge(job.data, outcome.data);
    }
    this.#send({ type: 'partition-done', stageId: stage, stageAttempt, partition, executorId, otherRows: false });
  }

  #end(id: JobId, code: string | null): void {
    const job = this.#jobs.get(id);
    if (job?.code !== undefined) throw new Error(`Job ${id} ended twice`);
    if (job !== undefined) job.code = code;
  }

  #addExecutor(slots: number): void {
    const { id, host } = this.#cluster.add(slots);
    this.#queue.push({ to: 'tasks', event: { type: 'executor-added', executorId: id, host, rack: null, slots } });
  }

  /** It dies at once; that it is gone is known a while later. */
  #loseExecutor(causedByApp: boolean, noticedAfter: number): void {
    const { executors } = this.#cluster;
    const id = executors[this.#random(executors.length)];
    if (id === undefined) return;
    this.#cluster.die(id);
    this.#at(this.#now + noticedAfter, () => {
      this.#cluster.noticeDeath(id);
      this.#send({ type: 'executor-lost', executorId: id });
      this.#queue.push({
        to: 'tasks',
        event: { type: 'executor-removed', executorId: id, reason: 'lost', causedByApp },
      });
    });
    this.#at(this.#now + noticedAfter + 50, () => this.#addExecutor(2));
  }

  #send(event: DagEvent): void {
    this.#queue.push({ to: 'dag', event });
  }

  #at(at: number, run: () => void): void {
    this.#timers.push({ at, run });
    this.#timers.sort((a, b) => a.at - b.at);
  }
}

/** Deterministic numbers below `count` (mulberry32). */
export function generator(seed: number): (count: number) => number {
  let state = seed | 0;
  return (count) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return count === 0 ? 0 : ((mixed ^ (mixed >>> 14)) >>> 0) % count;
  };
}

function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const part of Object.values(value)) deepFreeze(part);
}
