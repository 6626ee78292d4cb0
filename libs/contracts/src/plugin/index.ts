export * from './decorators.ts';
export * from './extension-points.ts';
export * from './plugin.ts';
export * from './services.ts';
export * from './token.ts';
