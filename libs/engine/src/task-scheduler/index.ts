export { DefaultSpeculationPolicy } from './default-speculation-policy.ts';
export { DefaultTaskScheduler } from './default-task-scheduler.ts';
export { FifoSchedulingPolicy } from './fifo-scheduling-policy.ts';
