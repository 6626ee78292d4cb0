import { type ResourceLimits, Worker } from 'node:worker_threads';
import { errorToData, parseBytes } from '@kiln/base';
import type { Report } from '../report/report.ts';
import type { JobMessage, JobThread, ThreadTask } from './messages.ts';

/** User's code that blocks its thread after it was cancelled is ended. */
const patienceMillis = 3_000;

/** Starts a job thread. What the user's code prints comes as messages, so that it does not run into the progress bars. */
export function startJobThread(task: ThreadTask): JobThread {
  const worker = new Worker(new URL('./main.js', import.meta.url), {
    workerData: task,
    stdout: true,
    argv: task.type === 'module' ? [...task.arguments] : [],
    resourceLimits: heapLimit(task),
  });
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
          end ??= crash(error, task);
        });
        worker.on('exit', (code) => {
          // A program may end itself.
          if (task.type === 'module' && code === 0) end ??= 'done';
          end ??= plainReport('KILN_JOB_EXIT', `The job's own code ended its thread with exit code ${code}.`);
          resolve(end === 'done' ? undefined : end);
        });
      }),
  };
}

/** With more, a collection can promote so much at once that V8 ends the process before the thread. */
const youngMegabytes = 32;

/** With less a thread does not start. */
const leastMegabytes = 64;

/** `spark.driver.memory` holds for the user's code too. */
function heapLimit(task: ThreadTask): ResourceLimits {
  const limit = task.conf['spark.driver.memory'];
  if (limit === undefined) return {};
  const megabytes = Math.max(leastMegabytes, Math.floor(parseBytes(limit, 'MiB') / 2 ** 20));
  return { maxOldGenerationSizeMb: megabytes, maxYoungGenerationSizeMb: youngMegabytes };
}

function crash(error: Error, task: ThreadTask): Report {
  if ((error as { code?: unknown }).code !== 'ERR_WORKER_OUT_OF_MEMORY')
    return {
      ...plainReport('KILN_JOB_CRASH', "The job's own code failed outside of its steps."),
      causes: [errorToData(error).message],
      stack: error.stack ?? null,
    };
  const limit = task.conf['spark.driver.memory'];
  return plainReport(
    'KILN_JOB_OUT_OF_MEMORY',
    `The job's own code ran out of JavaScript memory${limit === undefined ? '' : ` (spark.driver.memory is ${limit})`}.`,
    'Leave large results in DataFrames or files instead of collecting them, or give the driver more: --conf spark.driver.memory=4g.',
  );
}

function plainReport(code: string, message: string, hint: string | null = null): Report {
  return { code, message, hint, place: null, excerpt: null, wrapping: null, causes: [], stack: null };
}
