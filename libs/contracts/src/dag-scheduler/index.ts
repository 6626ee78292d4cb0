export * from './dag-scheduler.ts';
