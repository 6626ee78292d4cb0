import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Session, type SessionOptions } from '@kiln/client';
import type { EngineEvent, ExecutorUsage } from '@kiln/contracts';
import { runJob } from './jobs.ts';
import type { JobCall } from './scenario.ts';

export interface DriverOptions {
  readonly session: SessionOptions;
  /** A folder of this run. */
  readonly directory: string;
  readonly onEvent: (event: EngineEvent) => void;
}

/** Where a session lives. */
export interface Driver {
  readonly appId: string;
  readonly pid: number;
  run(job: JobCall, faultsDone: () => Promise<void>): Promise<readonly string[]>;
  /** `null`: there is nobody to ask. */
  usage(): Promise<ExecutorUsage | null>;
  /** Cancels the job that runs. */
  cancel(): void;
  stop(): Promise<void>;
}

/** In this process. */
export async function startDriverHere({ session: options, directory, onEvent }: DriverOptions): Promise<Driver> {
  const session = await Session.create(options);
  let job = 0;
  session.listen((event) => {
    if (event.type === 'job-started') job = event.jobId;
    onEvent(event);
  });
  return {
    appId: session.appId,
    pid: process.pid,
    run: (job, faultsDone) => runJob(job, { session, directory, faultsDone }),
    usage: () => session.usage(),
    cancel: () => session.cancelJob(job),
    stop: () => session.stop(),
  };
}

export type DriverRequest =
  | { readonly type: 'start'; readonly session: SessionOptions; readonly directory: string }
  | { readonly type: 'run'; readonly job: JobCall };

export type DriverReport =
  | { readonly type: 'started'; readonly appId: string }
  | { readonly type: 'event'; readonly event: EngineEvent }
  | { readonly type: 'rows'; readonly rows: readonly string[] }
  | { readonly type: 'failed'; readonly code: string; readonly message: string };

/** In a process of its own (`driver-process.ts`), which may be killed: its job has no answer then. */
export async function startDriverProcess({ session, directory, onEvent }: DriverOptions): Promise<Driver> {
  const child = fork(join(import.meta.dirname, 'driver-process.ts'), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const answers: DriverReport[] = [];
  let wake = () => {};
  child.on('message', (report: DriverReport) => {
    if (report.type === 'event') return onEvent(report.event);
    answers.push(report);
    wake();
  });
  const exited = once(child, 'exit');
  void exited.then(() => wake());
  const ask = async (request: DriverRequest): Promise<DriverReport> => {
    child.send(request);
    while (answers.length === 0) {
      if (hasEnded(child)) throw Object.assign(new Error('the driver is gone'), { code: 'DRIVER_GONE' });
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return answers.shift() as DriverReport;
  };
  const started = await ask({ type: 'start', session, directory });
  if (started.type !== 'started') throw new Error(`the driver did not start: ${JSON.stringify(started)}`);
  return {
    appId: started.appId,
    pid: child.pid ?? -1,
    async run(job) {
      const report = await ask({ type: 'run', job });
      if (report.type === 'rows') return report.rows;
      if (report.type === 'failed') throw Object.assign(new Error(report.message), { code: report.code });
      throw new Error(`the driver answered ${report.type}`);
    },
    usage: async () => null,
    cancel() {
      throw new Error('a driver in a process of its own cancels nothing');
    },
    async stop() {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
