/** Entry of a job thread: user's code runs here, so that it can neither block signals nor take the process down with it. */
import { parentPort, workerData } from 'node:worker_threads';
import { findPackagesBesideKiln } from './find-packages.ts';
import type { JobMessage, ThreadTask } from './messages.ts';
import { runTask } from './run-task.ts';

const port = parentPort;
if (port === null) throw new Error('this file is the entry of a worker thread');
const controller = new AbortController();
/** How often a cancelled job says that its thread is not blocked: an engine may take its time to end. */
const aliveMillis = 500;

const post = (message: JobMessage) => port.postMessage(message);
port.on('message', (reason: string) => {
  controller.abort(new Error(reason));
  setInterval(() => post({ type: 'cancelling' }), aliveMillis).unref();
});
const task = workerData as ThreadTask;
// A program is over when nothing that it began is left; waiting to be cancelled is none of that.
if (task.type === 'module') port.unref();
findPackagesBesideKiln();
await runTask(task, { post, signal: controller.signal });
port.close();
