export type * from './boundary.ts';
export type * from './data-source.ts';
export type * from './lineage.ts';
export * from './planner.ts';
