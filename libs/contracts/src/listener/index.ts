export type * from './events.ts';
export * from './listener.ts';
