import type { DriverId, WorkerId } from '@kiln/base';
import type { DriverDescription, DriverState, ExecutorResources } from '@kiln/contracts/cluster-manager';
import type { ExecutorWants } from '../../shared/reports.ts';

/**
 * What a master leaves to its successor. Executors are not in it: workers and applications say which there are, so that the state on
 * disk is written a few times an application and not a few times an executor.
 */
export interface MasterSnapshot {
  readonly workers: readonly WorkerSnapshot[];
  readonly applications: readonly ApplicationSnapshot[];
  readonly drivers: readonly DriverSnapshot[];
}

export interface WorkerSnapshot {
  readonly id: WorkerId;
  readonly host: string;
  readonly resources: ExecutorResources;
}

export interface ApplicationSnapshot {
  readonly id: string;
  readonly name: string;
  readonly user: string;
  readonly registeredAt: number;
  readonly maxCores: number;
  readonly wants: ExecutorWants;
  readonly nextExecutorId: number;
}

export interface DriverSnapshot {
  readonly id: DriverId;
  readonly description: DriverDescription;
  readonly submittedAt: number;
  readonly state: DriverState;
  readonly attempt: number;
  readonly workerId: WorkerId | null;
  readonly host: string | null;
  readonly relaunches: number;
  readonly killed: boolean;
  readonly message: string | null;
}
