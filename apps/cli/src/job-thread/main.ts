/** Entry of a job thread: user's code runs here, so that it can neither block signals nor take the process down with it. */
import { parentPort, workerData } from 'node:worker_threads';
import type { JobTask } from './messages.ts';
import { runTask } from './run-task.ts';

const port = parentPort;
if (port === null) throw new Error('this file is the entry of a worker thread');
const controller = new AbortController();
port.on('message', (reason: string) => controller.abort(new Error(reason)));
await runTask(workerData as JobTask, { post: (message) => port.postMessage(message), signal: controller.signal });
port.close();
