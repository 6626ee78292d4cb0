import type { DriverId, ExecutorId, WorkerId } from '@kiln/base';
import type { DriverDescription, DriverStatus, ExecutorResources } from '@kiln/contracts/cluster-manager';

/** What workers, applications and the master tell each other, as plain data. The protobuf messages have the same shapes. */

/** An executor on its worker. A worker repeats `exited` until the master has taken note. */
export interface ExecutorReport {
  readonly applicationId: string;
  readonly executorId: ExecutorId;
  readonly resources: ExecutorResources;
  readonly state: ExecutorProcessState;
}

export type ExecutorProcessState =
  | { readonly type: 'running' }
  /** `ended`: it was asked to, or had nothing more to do. */
  | {
      readonly type: 'exited';
      readonly outcome: 'ended' | 'failed';
      readonly reason: string;
      readonly causedByApp: boolean;
    };

/** A driver on its worker, in one attempt. */
export interface DriverReport {
  readonly driverId: DriverId;
  readonly attempt: number;
  readonly description: DriverDescription;
  readonly state: DriverProcessState;
}

export type DriverProcessState =
  | { readonly type: 'running' }
  /** `error`: it could not be started. */
  | { readonly type: 'exited'; readonly outcome: 'finished' | 'failed' | 'error'; readonly message: string | null };

/** A worker with all that runs there, said when it comes and when it comes back. */
export interface WorkerRegistration {
  readonly id: WorkerId;
  readonly host: string;
  readonly resources: ExecutorResources;
  /** Workers whose processes are known to have ended on that machine. */
  readonly replaces: readonly WorkerId[];
  readonly executors: readonly ExecutorReport[];
  readonly drivers: readonly DriverReport[];
}

/** Executors that an application wants: `total` of them, as far as cores go. */
export interface ExecutorWants {
  readonly total: number;
  /** Cores of each; `null`: all that a worker has free, one executor a worker. */
  readonly cores: number | null;
  readonly memoryBytes: number;
  /** Host -> tasks that would like it. */
  readonly placementHints: Readonly<Record<string, number>>;
}

/** An executor as its application knows it. */
export interface PlacedExecutor {
  readonly executorId: ExecutorId;
  readonly workerId: WorkerId;
  readonly host: string;
  readonly resources: ExecutorResources;
}

export interface ApplicationRegistration {
  readonly id: string;
  readonly name: string;
  readonly user: string;
  /** `spark.cores.max`; `null`: the master's `spark.deploy.defaultCores`. */
  readonly maxCores: number | null;
  readonly wants: ExecutorWants;
  /** Those it has, or was promised: a master that does not know them yet waits for their workers. */
  readonly executors: readonly PlacedExecutor[];
  /** Ids below it were used. */
  readonly nextExecutorId: number;
}

export type ApplicationOutcome = 'finished' | 'failed' | 'killed';

/** What the master tells an application. */
export type ApplicationMessage =
  /** Its process runs. */
  | { readonly type: 'granted'; readonly executor: PlacedExecutor }
  | {
      readonly type: 'exited';
      readonly executorId: ExecutorId;
      readonly reason: string;
      readonly causedByApp: boolean;
    }
  /** Why it has no executors; `null`: it has, or wants none. `queued`: others have the room now. */
  | { readonly type: 'waiting'; readonly reason: string | null; readonly queued: boolean }
  /** It gets none any more. */
  | { readonly type: 'ended'; readonly outcome: ApplicationOutcome; readonly reason: string };

/** What `kiln cluster status` shows. */
export interface ClusterStatus {
  readonly state: 'alive' | 'recovering';
  readonly workers: readonly WorkerStatus[];
  readonly applications: readonly ApplicationStatus[];
  readonly drivers: readonly DriverStatus[];
}

export interface WorkerStatus {
  readonly id: WorkerId;
  readonly host: string;
  readonly state: 'alive' | 'stopping' | 'disconnected' | 'unknown';
  readonly resources: ExecutorResources;
  readonly used: ExecutorResources;
}

export interface ApplicationStatus {
  readonly id: string;
  readonly name: string;
  readonly user: string;
  readonly state: 'waiting' | 'running' | 'unknown' | ApplicationOutcome;
  readonly executors: number;
  readonly cores: number;
  readonly memoryBytesPerExecutor: number;
  /** Milliseconds since the epoch. */
  readonly registeredAt: number;
  readonly endedAt: number | null;
  /** Why it waits, or how it ended. */
  readonly message: string | null;
}
