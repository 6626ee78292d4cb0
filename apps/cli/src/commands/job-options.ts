import type { JobAction, JobTask } from '../job-thread/messages.ts';

/** The options that commands over job files share. */
export interface JobCommandOptions {
  readonly set: readonly string[];
  readonly conf: Readonly<Record<string, string>>;
  readonly master?: string;
  readonly verbose: boolean;
}

/** The task of a command. */
export function jobTask(file: string, options: JobCommandOptions, action: JobAction): JobTask {
  return { file, set: options.set, conf: options.conf, master: options.master ?? null, action };
}
