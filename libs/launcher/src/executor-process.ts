import { type ExecutorLaunch, executorLaunchVariable } from '@kiln/contracts/cluster-manager';
import { type Child, type ChildExit, startChild } from './child-process.ts';
import { removeFilesOf } from './local-files.ts';

export interface StartOptions {
  /** Main file of @kiln/executor. */
  readonly main: string;
  readonly launch: ExecutorLaunch;
  /** As of `ChildOptions`. */
  readonly directory?: string;
  readonly onLine?: (line: string) => void;
  /** `false`: the files of a process that was killed stay, since a shuffle service serves them. Default: they go. */
  readonly removesFiles?: boolean;
}

export type ExecutorExit = ChildExit;

/** An executor process of this machine. It has exited when it is gone with its files. */
export type ExecutorProcess = Child;

/** Starts an executor. */
export function startExecutor({ main, launch, directory, onLine, removesFiles }: StartOptions): ExecutorProcess {
  const child = startChild({
    // The ids are for who looks at the list of processes; the secret is not among the arguments.
    args: [main, launch.applicationId, launch.executorId],
    environment: { ...launch.environment, [executorLaunchVariable]: JSON.stringify(launch) },
    ...(directory === undefined ? {} : { directory }),
    ...(onLine === undefined ? {} : { onLine }),
  });
  const exited = child.exited.then(async (exit) => {
    if (child.pid !== undefined && removesFiles !== false) await removeFilesOf(child.pid, launch.localDirs);
    return exit;
  });
  return {
    pid: child.pid,
    exited,
    kill: () => child.kill(),
    async stop(graceMillis) {
      await child.stop(graceMillis);
      return exited;
    },
  };
}
