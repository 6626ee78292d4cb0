/** How a master decides. Times are milliseconds. */
export interface MasterOptions {
  /** `spark.worker.timeout`: a worker that is silent for so long is lost. */
  readonly workerTimeoutMillis: number;
  /** `kiln.deploy.workerReconnectTimeout`: how long a worker whose connection broke may take to come back. */
  readonly workerReconnectMillis: number;
  /** `kiln.deploy.applicationReconnectTimeout`: the same of an application. */
  readonly applicationReconnectMillis: number;
  /** `spark.deploy.recoveryTimeout`: how long a master that took over waits for those that its predecessor knew. */
  readonly recoveryTimeoutMillis: number;
  /** `spark.deploy.spreadOutApps`: executors go over many workers, or fill one after the other. */
  readonly spreadOutApps: boolean;
  /** `spark.deploy.spreadOutDrivers`. */
  readonly spreadOutDrivers: boolean;
  /** `spark.deploy.defaultCores`: of an application that does not say `spark.cores.max`. */
  readonly defaultCores: number;
  /** `spark.deploy.maxExecutorRetries`: failures in a row that end an application; -1: none do. */
  readonly maxExecutorRetries: number;
  /** `spark.deploy.maxDrivers`: that run at the same time. */
  readonly maxDrivers: number;
  /** `spark.deploy.retainedApplications`, `spark.deploy.retainedDrivers`: ended ones that the status still shows. */
  readonly retainedApplications: number;
  readonly retainedDrivers: number;
}

export const defaultMasterOptions: MasterOptions = {
  workerTimeoutMillis: 60_000,
  workerReconnectMillis: 4_000,
  applicationReconnectMillis: 15_000,
  recoveryTimeoutMillis: 60_000,
  spreadOutApps: true,
  spreadOutDrivers: true,
  defaultCores: 2_147_483_647,
  maxExecutorRetries: 10,
  maxDrivers: 2_147_483_647,
  retainedApplications: 200,
  retainedDrivers: 200,
};

/** An executor that ran for so long was all right: what ends it is not one more failure in a row. */
export const provenMillis = 60_000;

/** A supervised driver is started again after a second, then two, four, to at most a minute. */
export const firstRelaunchMillis = 1_000;
export const lastRelaunchMillis = 60_000;
