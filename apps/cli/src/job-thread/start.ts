import { Worker } from 'node:worker_threads';
import { errorToData } from '@kiln/base';
import type { Report } from '../report/report.ts';
import type { JobMessage, JobTask, JobThread } from './messages.ts';

/** User's code that blocks its thread after it was cancelled is ended. */
const patienceMillis = 3_000;

/** Starts a job thread. What the user's code prints comes as messages, so that it does not run into the progress bars. */
export function startJobThread(task: JobTask): JobThread {
  const worker = new Worker(new URL('./main.js', import.meta.url), { workerData: task, stdout: true });
  let patience: NodeJS.Timeout | undefined;
  return {
    cancel(reason) {
      worker.postMessage(reason);
      patience ??= setTimeout(() => worker.terminate(), patienceMillis).unref();
    },
    run: (onMessage) =>
      new Promise((resolve) => {
        let end: Report | 'done' | undefined;
        worker.stdout.setEncoding('utf8').on('data', (text: string) => onMessage({ type: 'text', text }));
        worker.on('message', (message: JobMessage) => {
          if (message.type === 'cancelling') patience?.refresh();
          else if (message.type === 'failed') end = message.report;
          else if (message.type === 'done') end = 'done';
          else onMessage(message);
        });
        worker.on('error', (error) => {
          end ??= crash(error);
        });
        worker.on('exit', (code) => {
          end ??= plainReport('KILN_JOB_EXIT', `The job's own code ended its thread with exit code ${code}.`);
          resolve(end === 'done' ? undefined : end);
        });
      }),
  };
}

function crash(error: Error): Report {
  if ((error as { code?: unknown }).code !== 'ERR_WORKER_OUT_OF_MEMORY')
    return {
      ...plainReport('KILN_JOB_CRASH', "The job's own code failed outside of its steps."),
      causes: [errorToData(error).message],
      stack: error.stack ?? null,
    };
  return plainReport(
    'KILN_JOB_OUT_OF_MEMORY',
    "The job's own code ran out of JavaScript memory.",
    'Leave large results in DataFrames or files instead of collecting them, or start with NODE_OPTIONS=--max-old-space-size=4096.',
  );
}

function plainReport(code: string, message: string, hint: string | null = null): Report {
  return { code, message, hint, place: null, excerpt: null, wrapping: null, causes: [], stack: null };
}
