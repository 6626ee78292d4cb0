export type * from './boundary.ts';
export type * from './data-source.ts';
export * from './planner.ts';
