export type * from './block-store.ts';
export * from './shuffle-ids.ts';
export * from './shuffle-manager.ts';
