import type { DriverId } from '@kiln/base';
import type { ExecutorResources } from './cluster-manager.ts';

/**
 * A driver that a cluster runs on one of its machines (`--deploy-mode cluster`). Plain data: the master keeps it over its restarts, and the
 * worker that is chosen hands it to the driver's process as part of a {@link DriverLaunch}.
 */
export interface DriverDescription {
  readonly name: string;
  readonly application: DriverApplication;
  /** Settings of the application, as `spark-defaults.conf`, flags and the job file say together. */
  readonly conf: Readonly<Record<string, string>>;
  readonly resources: ExecutorResources;
  /** Start it again when it fails or its machine is lost. */
  readonly supervise: boolean;
  /** Put into the driver's work directory, which is its working directory, before it starts. */
  readonly files: readonly DriverFile[];
}

/** What the driver runs. A relative path is one of the description's files, an absolute path is of the machine that runs the driver. */
export type DriverApplication =
  | { readonly type: 'job-file'; readonly path: string; readonly set: readonly string[] }
  | { readonly type: 'module'; readonly path: string; readonly arguments: readonly string[] };

export interface DriverFile {
  /** Relative, with `/`, never above the work directory. */
  readonly path: string;
  readonly base64: string;
}

/** What the process of a driver gets, as JSON in the environment variable `KILN_DRIVER`. */
export interface DriverLaunch {
  readonly driverId: DriverId;
  /** From 1; more when it was started again. */
  readonly attempt: number;
  readonly description: DriverDescription;
  /** URL of the cluster that runs it: `kiln://host:port[,host:port]`. */
  readonly master: string;
  /** The cluster's secret, base64. */
  readonly secret: string;
}

/** `submitted` waits for a machine; `relaunching` failed and waits to be started again; `error`: it could not be started, or its machine was lost. */
export type DriverState = 'submitted' | 'running' | 'relaunching' | 'finished' | 'failed' | 'killed' | 'error';

export interface DriverStatus {
  readonly driverId: DriverId;
  readonly name: string;
  readonly state: DriverState;
  readonly attempt: number;
  /** Host of the worker that runs it, or ran it last. */
  readonly host: string | null;
  /** Why it is in this state, where that needs words. */
  readonly message: string | null;
}
