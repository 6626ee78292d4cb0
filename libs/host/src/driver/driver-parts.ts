import type { Clock, ExecutorId, StageId } from '@kiln/base';
import type { DagScheduler } from '@kiln/contracts/dag-scheduler';
import type { SchedulerBackend } from '@kiln/contracts/executor';
import type { ListenerBus } from '@kiln/contracts/listener';
import type { Lineage, Planner, Query } from '@kiln/contracts/planner';
import type { EngineSettings, Logger } from '@kiln/contracts/plugin';
import type { MapOutputTracker, ShuffleIds } from '@kiln/contracts/shuffle';
import type { OutputCommitter, WriteMode } from '@kiln/contracts/storage';
import type { TaskScheduler } from '@kiln/contracts/task-scheduler';
import type { Topology } from '../scheduling/topology.ts';

/** What a driver is made of. */
export interface DriverParts {
  readonly planner: Planner;
  readonly dag: DagScheduler;
  readonly tasks: TaskScheduler;
  readonly tracker: MapOutputTracker;
  readonly shuffleIds: ShuffleIds;
  readonly backend: SchedulerBackend;
  readonly bus: ListenerBus;
  readonly committer: OutputCommitter;
  readonly settings: EngineSettings;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly maxHashBuildBytes: () => number;
  readonly maxResultBytes: number;
  /** Racks of hosts; not known when left out. */
  readonly topology?: Topology;
  /** Told how many jobs run whenever that changes. */
  readonly onJobs?: (active: number) => void;
  /** Who can get and end executors; nobody when left out. */
  readonly demands?: ExecutorDemands;
}

/** What the schedulers want of the cluster. */
export interface ExecutorDemands {
  /** A task of this stage attempt can run on no executor there is; `replaces`: one that is of no use to it and idle. */
  wanted(stageId: StageId, stageAttempt: number, replaces: ExecutorId | null): void;
  /** Failures exclude these from everything. */
  excluded(executors: readonly ExecutorId[]): void;
}

export interface JobRequest {
  readonly query: Query | LineageQuery;
  readonly description: string;
  /** Which DataFrame asks; its map stages are reused by its next action. */
  readonly dataFrameId: number | null;
  readonly write: { readonly path: string; readonly format: string; readonly mode: WriteMode } | null;
}

/** An action on an RDD. */
export interface LineageQuery {
  readonly lineage: Lineage;
  readonly conf: Readonly<Record<string, string>>;
  readonly defaultParallelism: number;
}
