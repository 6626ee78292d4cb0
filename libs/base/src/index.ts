export * from './clock.ts';
export * from './disposable.ts';
export * from './errors.ts';
export * from './events.ts';
export * from './ids.ts';
export * from './nearest.ts';
export * from './position.ts';
export * from './settings/index.ts';
