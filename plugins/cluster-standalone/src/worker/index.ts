/** The process of a worker: what `kiln worker` runs. */
export { driverLaunchVariable } from './runs.ts';
export { workerSettings } from './settings.ts';
export { Worker, type WorkerConfig } from './worker.ts';
