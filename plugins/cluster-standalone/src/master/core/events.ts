import type { DriverId, ExecutorId, WorkerId } from '@kiln/base';
import type { DriverDescription, ExecutorResources } from '@kiln/contracts/cluster-manager';
import type {
  ApplicationMessage,
  ApplicationOutcome,
  ApplicationRegistration,
  DriverReport,
  ExecutorReport,
  ExecutorWants,
  WorkerRegistration,
} from '../../shared/reports.ts';
import type { MasterSnapshot } from './snapshot.ts';

/** What happens to a master. Those of a connection that was replaced by a newer one of the same worker or application never come here. */
export type MasterEvent =
  /** First, and only when a predecessor left a state. */
  | { readonly type: 'recovered'; readonly snapshot: MasterSnapshot }
  | { readonly type: 'worker-registered'; readonly worker: WorkerRegistration }
  | { readonly type: 'worker-heartbeat'; readonly workerId: WorkerId }
  | { readonly type: 'worker-disconnected'; readonly workerId: WorkerId }
  /** It is ending what it runs, and gets nothing new. */
  | { readonly type: 'worker-stopping'; readonly workerId: WorkerId }
  /** It said that it ends. */
  | { readonly type: 'worker-stopped'; readonly workerId: WorkerId }
  | { readonly type: 'executor-changed'; readonly workerId: WorkerId; readonly executor: ExecutorReport }
  | { readonly type: 'driver-changed'; readonly workerId: WorkerId; readonly driver: DriverReport }
  | { readonly type: 'application-registered'; readonly application: ApplicationRegistration }
  | { readonly type: 'executors-wanted'; readonly applicationId: string; readonly wants: ExecutorWants }
  | { readonly type: 'executors-released'; readonly applicationId: string; readonly executors: readonly ExecutorId[] }
  | { readonly type: 'application-disconnected'; readonly applicationId: string }
  | { readonly type: 'application-ended'; readonly applicationId: string; readonly outcome: ApplicationOutcome }
  | { readonly type: 'driver-submitted'; readonly driverId: DriverId; readonly description: DriverDescription }
  | { readonly type: 'driver-killed'; readonly driverId: DriverId }
  /** Time has passed; once a second is often enough. */
  | { readonly type: 'tick' };

/** What a master does about it, in this order. */
export type MasterAction =
  /** The snapshot changed: it is written before any action that follows. */
  | { readonly type: 'persist' }
  | {
      readonly type: 'launch-executor';
      readonly workerId: WorkerId;
      readonly applicationId: string;
      readonly executorId: ExecutorId;
      readonly resources: ExecutorResources;
    }
  | {
      readonly type: 'end-executor';
      readonly workerId: WorkerId;
      readonly applicationId: string;
      readonly executorId: ExecutorId;
      readonly reason: string;
    }
  | {
      readonly type: 'launch-driver';
      readonly workerId: WorkerId;
      readonly driverId: DriverId;
      readonly attempt: number;
      readonly description: DriverDescription;
    }
  | {
      readonly type: 'end-driver';
      readonly workerId: WorkerId;
      readonly driverId: DriverId;
      readonly attempt: number;
      readonly reason: string;
    }
  /** An application ended: its files may go. */
  | { readonly type: 'forget-application'; readonly workerId: WorkerId; readonly applicationId: string }
  /** Close its connection: it is lost, and if it lives it registers again. */
  | { readonly type: 'disconnect-worker'; readonly workerId: WorkerId }
  | { readonly type: 'tell-application'; readonly applicationId: string; readonly message: ApplicationMessage }
  | { readonly type: 'note'; readonly level: 'info' | 'warn'; readonly text: string };
