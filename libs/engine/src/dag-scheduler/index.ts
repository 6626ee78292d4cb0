export { DefaultDagScheduler } from './default-dag-scheduler.ts';
