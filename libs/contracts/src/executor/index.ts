export type * from './block-transport.ts';
export type * from './boundary.ts';
export * from './executor.ts';
export * from './no-metrics.ts';
export type * from './task-runner.ts';
