export { DefaultSchedulingPolicy } from './default-scheduling-policy.ts';
export { DefaultSpeculationPolicy } from './default-speculation-policy.ts';
export { DefaultTaskScheduler } from './default-task-scheduler.ts';
export { FairSchedulingPolicy } from './fair-scheduling-policy.ts';
export { FifoSchedulingPolicy } from './fifo-scheduling-policy.ts';
