import type { ExecutorId } from '@kiln/base';

/**
 * What a new executor process must know, as plain data. Whoever starts it runs the main file of @kiln/executor with this as JSON in the
 * environment variable `KILN_EXECUTOR` (never in the arguments, which everybody may read); settings and plugins come from the driver.
 */
export interface ExecutorLaunch {
  /** Where the driver listens: `http://host:port`, or `https:` with `tls`. */
  readonly driverUrl: string;
  readonly applicationId: string;
  /** Of the application, base64. */
  readonly secret: string;
  readonly executorId: ExecutorId;
  /** Task slots. */
  readonly cores: number;
  readonly memoryBytes: number;
  /** Name or address of the machine it runs on, under which others reach it; its ports bind to it. Default of `executorLaunch`: 127.0.0.1. */
  readonly host: string;
  /** `null`: not encrypted. */
  readonly tls: LaunchTls | null;
  /** A silent driver is gone after so long (`spark.network.timeout`). */
  readonly networkTimeoutMillis: number;
  /** After a broken connection it tries for so long to come back (`kiln.executor.reconnectTimeout`). */
  readonly reconnectMillis: number;
  /** `spark.rpc.message.maxSize` in bytes. */
  readonly maxMessageBytes: number;
  /** Environment variables to set besides (`spark.executorEnv.*`). */
  readonly environment: Readonly<Record<string, string>>;
  /** Directories for its files (`spark.local.dir`); empty: the system's temporary directory. */
  readonly localDirs: readonly string[];
}

/** PEM texts: what every process of the application shows, and who must have signed what others show. */
export interface LaunchTls {
  readonly certificate: string;
  readonly key: string;
  readonly authority: string;
}

/** The environment variable that carries an {@link ExecutorLaunch}. */
export const executorLaunchVariable = 'KILN_EXECUTOR';
