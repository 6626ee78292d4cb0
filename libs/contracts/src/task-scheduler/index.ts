export * from './task-scheduler.ts';
