export type * from './cluster-manager.ts';
