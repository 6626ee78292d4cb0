export * from './cluster-manager.ts';
export type * from './driver-description.ts';
export * from './executor-launch.ts';
