export * from './cluster-manager.ts';
