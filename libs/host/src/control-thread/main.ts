/** Entry of the control thread: starts the engine's parts and answers calls until it is stopped. */
import { parentPort, workerData } from 'node:worker_threads';
import { errorToData } from '@kiln/base';
import { ControlServer } from './control-server.ts';
import { EngineRuntime } from './engine-runtime.ts';
import type { ControlStart, FromControl, ToControl } from './messages.ts';

const port = parentPort;
if (port === null) throw new Error('this file is the entry of a worker thread');
const post = (message: FromControl) => port.postMessage(message);

try {
  const runtime = await EngineRuntime.start(workerData as ControlStart);
  const server = new ControlServer(runtime, post);
  port.on('message', (message: ToControl) => server.onMessage(message));
  post({ type: 'ready', appId: runtime.appId, master: runtime.master, warnings: runtime.warnings });
} catch (error) {
  post({ type: 'failed-to-start', error: errorToData(error) });
}
