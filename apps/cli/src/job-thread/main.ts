/** Entry of a job thread: user's code runs here, so that it can neither block signals nor take the process down with it. */
import { parentPort, workerData } from 'node:worker_threads';
import type { JobMessage, JobTask } from './messages.ts';
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
await runTask(workerData as JobTask, { post, signal: controller.signal });
port.close();
