import type { ErrorData } from '@kiln/base';
import type { ExplainMode } from '@kiln/client';
import type { JobEvent } from '@kiln/client/job-file';
import type { Report } from '../report/report.ts';

/** What the main thread asks a job thread to do. */
export type ThreadTask = JobTask | ModuleTask;

/** Something about a job file. */
export interface JobTask {
  readonly type: 'job-file';
  readonly file: string;
  /** `path=value`, each. */
  readonly set: readonly string[];
  readonly conf: Readonly<Record<string, string>>;
  /** Of `spark-defaults.conf`: below the job file. */
  readonly defaults: Readonly<Record<string, string>>;
  readonly master: string | null;
  /** Instead of the file's. */
  readonly name: string | null;
  readonly action: JobAction;
}

/** A program: a module whose top level, or whose default export, runs. */
export interface ModuleTask {
  readonly type: 'module';
  readonly file: string;
  readonly arguments: readonly string[];
  /** For its sessions. */
  readonly conf: Readonly<Record<string, string>>;
}

/** `check`: analyse every step, run nothing. */
export type JobAction =
  | { readonly type: 'run' }
  | { readonly type: 'check' }
  | { readonly type: 'explain'; readonly step: string | null; readonly mode: ExplainMode };

/** What a job thread says. The last message is `done` or `failed`. */
export type JobMessage =
  | { readonly type: 'event'; readonly event: JobEvent }
  /** For standard output. */
  | { readonly type: 'text'; readonly text: string }
  /** It was cancelled and ends; said again and again. */
  | { readonly type: 'cancelling' }
  | { readonly type: 'done' }
  | { readonly type: 'failed'; readonly report: Report };

/** A job that runs apart from the main thread, which stays free for signals and progress. */
export interface JobThread {
  /** Runs to the end; `undefined`, or what went wrong. Called once. */
  run(onMessage: (message: JobMessage) => void): Promise<Report | undefined>;
  cancel(reason: string): void;
}

/** What stays of an error that crosses threads. */
export type { ErrorData };
