export type * from './cluster-manager.ts';
export * from './executor-launch.ts';
