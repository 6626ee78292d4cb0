import type { ErrorData, ExecutorId, Unregister } from '@kiln/base';
import type { Logger } from '../plugin/services.ts';
import type { ExecutorLaunch } from './executor-launch.ts';

/**
 * Starts and stops executors. Nothing else: it never sees a stage or a task. It fits YARN's containers and Kubernetes' pods
 * as well as processes, so everything is asynchronous and totals, not differences, are asked for.
 *
 * Plane: control. Process: driver, control thread. Crossed a few times a minute.
 */
export interface ClusterManager {
  /**
   * The total of executors wanted from now on. Resolves when the request is accepted, not when executors are up: those come as events.
   * Asking for less stops asking; it ends no executor (that is `release`).
   */
  requestTotal(request: ExecutorRequest): Promise<void>;
  /** Best effort. */
  release(executors: readonly ExecutorId[]): Promise<void>;
  onEvent(listener: (event: ClusterEvent) => void): Unregister;
  /** Ends all executors. After the driver died without it, the outer system must clean up. */
  stop(): Promise<void>;
  /**
   * Where its executors run. `process`: the engine listens for them before it asks for the first, and `executorLaunch` answers.
   * Default: `in-process`.
   */
  readonly placement?: ExecutorPlacement;
  /** What to ask for at start, as this master's URL and the settings say. */
  readonly initialRequest: ExecutorRequest;
  /** `spark.task.maxFailures` as this master sets it (`local[N,F]` sets F, `local[N]` 1); `null`: the setting's. */
  readonly maxTaskFailures: number | null;
}

/** As a total of executors: as many as there is room for. */
export const unlimitedExecutors = 2_147_483_647;

export interface ExecutorRequest {
  /** {@link unlimitedExecutors}: no number is asked for. */
  readonly total: number;
  readonly resources: ExecutorResources;
  /** Hosts that hold input, with the number of tasks that would like them. */
  readonly placementHints: Readonly<Record<string, number>>;
}

export interface ExecutorResources {
  readonly cores: number;
  readonly memoryBytes: number;
}

export type ExecutorPlacement = 'in-process' | 'process';

export type ClusterEvent =
  /** A process was started; it is used when it has registered with the driver. Or: run one in this process. */
  | { readonly type: 'granted'; readonly executor: GrantedExecutor }
  | {
      readonly type: 'exited';
      readonly executorId: ExecutorId;
      readonly reason: string;
      /** Counts as a failure of the tasks that ran there. */
      readonly causedByApp: boolean;
      readonly preempted: boolean;
      /** The whole host is lost with it, and what a shuffle service there served. */
      readonly lostHost?: string;
    }
  /**
   * Why no executor comes; `null`: the reason is gone. `queued`: others have the room now, and who waits for it waits without a limit;
   * otherwise jobs wait for their grace only, and fail with this reason.
   */
  | { readonly type: 'waiting'; readonly reason: string | null; readonly queued: boolean }
  /** No executors will come any more: the application is over when none is left. */
  | { readonly type: 'failed'; readonly error: ErrorData };

export interface GrantedExecutor {
  readonly executorId: ExecutorId;
  readonly host: string;
  readonly resources: ExecutorResources;
  /** `in-process`: the driver's process runs it; `process`: it registers with the driver by itself. */
  readonly placement: ExecutorPlacement;
}

/** One way to get executors, chosen by the master URL. */
export interface ClusterManagerProvider {
  /** For messages: `local[N]`, `kiln://host:port`. */
  readonly masters: readonly string[];
  accepts(master: string): boolean;
  create(env: ClusterManagerEnv): ClusterManager;
}

export interface ClusterManagerEnv {
  readonly master: string;
  /** Settings that were set, as text. */
  readonly conf: Readonly<Record<string, string>>;
  /** Cores and bytes this process may use (cgroup or machine). */
  readonly machine: ExecutorResources;
  /** The application's id and name (`spark.app.name`). */
  readonly applicationId: string;
  readonly applicationName: string;
  /** What a process that is to be an executor of this application must know; only of a manager whose `placement` is `process`, and not before it is asked for executors. */
  executorLaunch(executorId: ExecutorId, resources: ExecutorResources): ExecutorLaunch;
  /** Main file of @kiln/executor on this machine. Errors: KILN_EXECUTOR_MISSING, when it is not installed here. */
  executorMain(): string;
  readonly logger: Logger;
}
