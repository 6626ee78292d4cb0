import { executorId, Settings } from '@kiln/base';
import type { EngineEvent } from '@kiln/contracts/listener';
import type { Logger } from '@kiln/contracts/plugin';
import type { OutputCommitter, WriteJob, WriteMode, WriteTaskAttempt } from '@kiln/contracts/storage';
import type { SchedulingPolicy } from '@kiln/contracts/task-scheduler';
import { DefaultDagScheduler } from '@kiln/engine/dag-scheduler';
import { DefaultMapOutputTracker, DefaultShuffleIds } from '@kiln/engine/shuffle';
import { DefaultSpeculationPolicy, DefaultTaskScheduler, FifoSchedulingPolicy } from '@kiln/engine/task-scheduler';
import { EventRecorder, VirtualClock } from '@kiln/testing';
import { Driver } from '../driver.ts';
import type { Job } from '../job.ts';
import { DefaultListenerBus } from '../listener-bus.ts';
import { FakeBackend } from './fake-backend.ts';
import { FakePlanner, type FakeStage } from './fake-planner.ts';

/** Says what it was asked, in order. */
export class FakeCommitter implements OutputCommitter {
  readonly calls: string[] = [];
  exists = false;
  fails: string | null = null;

  async setupJob(job: WriteJob): Promise<boolean> {
    this.#call('setupJob', job);
    return !(this.exists && job.mode === 'ignore');
  }
  taskDirectory(_job: WriteJob, task: WriteTaskAttempt): string {
    return `/out/_temporary/${task.taskId}`;
  }
  async commitTask(_job: WriteJob, task: WriteTaskAttempt): Promise<void> {
    this.#call('commitTask', task.partition);
  }
  async abortTask(_job: WriteJob, task: WriteTaskAttempt): Promise<void> {
    this.#call('abortTask', task.partition);
  }
  async commitJob(): Promise<void> {
    this.#call('commitJob');
  }
  async abortJob(): Promise<void> {
    this.#call('abortJob');
  }

  #call(name: string, what?: unknown): void {
    this.calls.push(typeof what === 'number' ? `${name} ${what}` : name);
    if (this.fails === name) throw new Error(`${name} failed`);
  }
}

export interface HarnessOptions {
  readonly slots?: number;
  readonly conf?: Readonly<Record<string, string>>;
  readonly policy?: SchedulingPolicy;
  readonly maxResultBytes?: number;
}

export interface SubmitOptions {
  readonly dataFrameId?: number | null;
  readonly write?: WriteMode;
  readonly signal?: AbortSignal;
}

/** A driver with the real schedulers, over executors, a planner and a committer that are not. */
export class DriverHarness {
  readonly planner: FakePlanner;
  readonly backend = new FakeBackend();
  readonly clock = new VirtualClock(1_000);
  readonly recorder = new EventRecorder();
  readonly tracker = new DefaultMapOutputTracker();
  readonly committer = new FakeCommitter();
  readonly logged: string[] = [];
  readonly bus: DefaultListenerBus;
  readonly driver: Driver;
  readonly results: number[] = [];

  constructor(stages: readonly FakeStage[], options: HarnessOptions = {}) {
    const { settings } = Settings.from(options.conf ?? {});
    const log = (_fields: unknown, message: string) => this.logged.push(message);
    const logger: Logger = { debug: log, info: log, warn: log, error: log };
    this.planner = new FakePlanner(stages);
    this.bus = new DefaultListenerBus(logger, [this.recorder]);
    const policy = options.policy ?? new FifoSchedulingPolicy();
    this.driver = new Driver({
      planner: this.planner,
      dag: new DefaultDagScheduler(this.tracker, settings),
      tasks: new DefaultTaskScheduler(policy, new DefaultSpeculationPolicy(settings), settings),
      tracker: this.tracker,
      shuffleIds: new DefaultShuffleIds(),
      backend: this.backend,
      bus: this.bus,
      committer: this.committer,
      settings,
      logger,
      clock: this.clock,
      maxHashBuildBytes: () => 1_000,
      maxResultBytes: options.maxResultBytes ?? 0,
    });
    this.driver.executorAdded(executorId('e1'), 'h1', options.slots ?? 4);
  }

  /** Its end is in `outcome`. */
  async submit(options: SubmitOptions = {}): Promise<Job | undefined> {
    const { dataFrameId = null, write, signal = new AbortController().signal } = options;
    const query = { plan: { type: 'sql', text: '' } as const, views: {}, conf: {}, defaultParallelism: 2 };
    const request = {
      query: { ...query, action: write === undefined ? ('collect' as const) : ('write' as const) },
      description: 'test',
      dataFrameId,
      write: write === undefined ? null : { path: '/out', format: 'parquet', mode: write },
    };
    return this.driver.submit(request, { onResult: (data) => this.results.push(data[0] ?? -1) }, signal);
  }

  async start(options: SubmitOptions = {}): Promise<Job> {
    const job = await this.submit(options);
    if (job === undefined) throw new Error('nothing was started');
    return job;
  }

  /** Types of events, with ids where they matter: `task-started 0`. */
  get story(): readonly string[] {
    return this.recorder.recorded.map(tell).filter((line) => line !== '');
  }
}

function tell(event: EngineEvent): string {
  switch (event.type) {
    case 'stage-submitted':
    case 'stage-skipped':
      return `${event.type} ${event.stage.stageId}`;
    case 'stage-completed':
      return `${event.type} ${event.stage.stageId} ${event.outcome}`;
    case 'task-started':
      return `${event.type} ${event.task.taskId}`;
    case 'task-ended':
      return `${event.type} ${event.task.taskId} ${event.outcome}`;
    case 'job-started':
      return `${event.type} ${event.jobId}`;
    case 'job-ended':
      return `${event.type} ${event.jobId} ${event.outcome}`;
    default:
      return '';
  }
}

/** What is due after this moment, on the way to which promises settle. */
export const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
