export * from './memory-manager.ts';
