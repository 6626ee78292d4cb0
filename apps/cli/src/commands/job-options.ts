import type { Environment } from '../environment.ts';
import type { JobAction, JobTask } from '../job-thread/messages.ts';
import { defaultConf } from '../submit/conf-file.ts';

/** The options that commands over job files share. */
export interface JobCommandOptions {
  readonly set: readonly string[];
  readonly conf: Readonly<Record<string, string>>;
  readonly master?: string;
  readonly verbose: boolean;
}

/** The task of a command. Errors: those of `spark-defaults.conf`. */
export async function jobTask(
  environment: Environment,
  file: string,
  options: JobCommandOptions,
  action: JobAction,
): Promise<JobTask> {
  const { set, conf, master = null } = options;
  const defaults = await defaultConf(environment);
  return { type: 'job-file', file, set, conf, defaults, master, name: null, action };
}
